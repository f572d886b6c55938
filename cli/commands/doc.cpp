#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/command.h"
#include "cli/support/program.h"
#include "cli/support/reference.h"
#include "cli/support/wrap.h"

namespace sluice {
namespace {

class DocCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"[NAME]",
            "what programs can use: functions, aggregates, connectors, operators",
            "",
            {"sluice doc            all of them, one line each", "sluice doc operators  those of one kind",
             "sluice doc substring  one in full"}};
  }

  void define(CLI::App& options) override {
    options.add_option("NAME", name_,
                       "a function, aggregate, connector or operator, or `functions` and so on for a list");
    options.add_flag("--markdown", markdown_, "the page docs/functions.md");
  }

  ExitCode execute(const Console& console) override {
    const auto entries = reference_entries();
    if (markdown_ && !name_.empty())
      return usage_error(console, "--markdown prints the whole page; leave out the name");
    if (markdown_) {
      console.result(reference_markdown(entries));
      return ExitCode::Done;
    }
    bool is_known = name_.empty();
    std::vector<std::string> names;
    for (const ReferenceEntry& entry : entries) {
      names.push_back(entry.name);
      if (!name_.empty() && entry.name != name_ && entry.kind + "s" != name_) continue;
      is_known = true;
      print(entry, console);
    }
    if (is_known) return ExitCode::Done;
    const auto close = closest_name(name_, names);
    return usage_error(
        console, fmt::format("there is no `{}`; {}", name_,
                             close ? fmt::format("did you mean `{}`?", *close) : "`sluice doc` lists what there is"));
  }

 private:
  [[nodiscard]] bool is_list() const { return name_.empty() || reference_topic(name_).has_value(); }

  void print(const ReferenceEntry& entry, const Console& console) const {
    if (console.json()) {
      return console.result("doc", {{"kind", entry.kind},
                                    {"name", entry.name},
                                    {"signatures", entry.signatures},
                                    {"doc", entry.doc},
                                    {"examples", entry.examples}});
    }
    if (is_list()) return console.result(reference_line(entry));
    std::string text;
    for (const std::string& signature : entry.signatures) text += signature + "\n";
    text += "\n" + wrapped(entry.doc);
    if (!entry.examples.empty()) text += "\n";
    for (const std::string& example : entry.examples) text += "  " + example + "\n";
    console.result(text);
  }

  std::string name_;
  bool markdown_ = false;
};

}  // namespace

std::unique_ptr<Command> make_doc_command() { return std::make_unique<DocCommand>(); }

}  // namespace sluice
