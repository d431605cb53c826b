// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Code that may not be in an image: the check has to find its vector registers.
double half(int number) { return number * 0.5; }
