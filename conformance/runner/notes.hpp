// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a run noticed beside the verdicts: forged lines, garbage, domains that ended. A guest can cause any
// number of them, so each text is kept once with a count, and only the first few texts.
#pragma once

#include <string>
#include <vector>

namespace argo::runner {

class Notes
{
  public:
    static constexpr size_t limit = 40;

    void add(std::string text);
    std::vector<std::string> lines() const;

  private:
    struct Note
    {
        std::string text;
        unsigned long times;
    };
    std::vector<Note> notes_;
    unsigned long dropped_ = 0;
};

} // namespace argo::runner
