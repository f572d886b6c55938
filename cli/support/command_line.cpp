#include "cli/support/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/support/choice.h"
#include "lang/source/diagnostics.h"

namespace sluice {
namespace {

constexpr const char* kGlobalGroup = "everywhere";

struct GlobalOptions {
  ConsoleOptions console;
  bool help = false;
  bool version = false;
};

void add_global_options(CLI::App& app, GlobalOptions& options) {
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("--json", options.console.json, "one JSON object per line instead of text")->group(kGlobalGroup);
  add_choice<ColorMode>(app, "--color", options.console.color,
                        {{"auto", ColorMode::Auto}, {"always", ColorMode::Always}, {"never", ColorMode::Never}},
                        "color of messages; NO_COLOR turns it off, too")
      ->group(kGlobalGroup);
  app.add_flag("-q,--quiet", options.console.quiet, "only errors")->group(kGlobalGroup);
  app.add_flag("-v,--verbose", options.console.verbose, "also what usually goes without saying")->group(kGlobalGroup);
  app.add_flag("-h,--help", options.help, "this text")->group(kGlobalGroup);
}

// A flag that lacks its value or stands twice; CLI11 names it in front of the first colon.
std::string mismatch_text(const CLI::App& app, const std::string& message) {
  const std::string name = message.substr(0, message.find(':'));
  const CLI::Option* option = app.get_option_no_throw(name);
  if (option == nullptr) return message;
  if (option->count() > 1) return fmt::format("{} is given twice", name);
  return fmt::format("{} needs a value: {}", name, option->get_type_name());
}

// Parses `words` and returns what is wrong with them, in our words.
std::string parse_words(CLI::App& app, std::vector<std::string> words) {
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    app.parse(words);
  } catch (const CLI::ArgumentMismatch& error) {
    return mismatch_text(app, error.what());
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return {};
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::string unknown_word_text(const CLI::App& app, std::string word, const std::string& command) {
  if (!word.starts_with('-')) return fmt::format("`{}` is one argument too many", word);
  word.erase(std::min(word.find('='), word.size()));
  if (word == "--") return "`--` means nothing here";
  // One letter for another is no slip of the finger.
  const auto close = word.size() < 3 ? std::nullopt : closest_name(word, flag_names(app));
  if (close) return fmt::format("there is no flag `{}`; did you mean `{}`?", word, *close);
  return fmt::format("there is no flag `{}`; `sluice{} --help` lists them", word, command);
}

const CommandRow* find_command(const std::string& name) {
  for (const CommandRow& row : command_rows())
    if (row.name == name) return &row;
  return nullptr;
}

// "-q, --quiet" or "--color auto|always|never" or, of a positional, "FILE".
std::string option_head(const CLI::Option& option) {
  std::string head;
  for (const std::string& name : option.get_snames()) head += (head.empty() ? "-" : ", -") + name;
  for (const std::string& name : option.get_lnames()) head += (head.empty() ? "--" : ", --") + name;
  if (option.get_positional()) return option.get_name(true);
  if (option.get_items_expected_max() != 0) head += " " + option.get_type_name();
  return head;
}

std::string options_text(const CLI::App& app, bool global) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    if ((option->get_group() == kGlobalGroup) != global || option->get_description().empty()) continue;
    const std::string head = option_head(*option);
    const std::string gap = head.size() > 26 ? "\n" + std::string(29, ' ') : std::string(27 - head.size(), ' ');
    text += fmt::format("  {}{}{}\n", head, gap, option->get_description());
  }
  return text;
}

std::string help_of(const std::string& name, const CommandHelp& help, const CLI::App& app) {
  std::string text = fmt::format("sluice {}: {}\n\nusage: sluice {}{}{}\n", name, help.summary, name,
                                 help.usage.empty() ? "" : " ", help.usage);
  if (!help.description.empty()) text += "\n" + help.description + "\n";
  if (const std::string own = options_text(app, false); !own.empty()) text += "\n" + own;
  text += "\neverywhere\n" + options_text(app, true);
  if (!help.examples.empty()) text += "\nexamples\n";
  for (const std::string& example : help.examples) text += "  " + example + "\n";
  return text;
}

// Reads the words after the command's name into `line.command`.
void read_command(const CommandRow& row, std::vector<std::string> words, GlobalOptions& global, CommandLine& line) {
  CLI::App app;
  auto command = row.make();
  add_global_options(app, global);
  command->define(app);
  const std::string problem = parse_words(app, std::move(words));
  if (global.help) {
    line.help = help_of(row.name, command->help(), app);
  } else if (const auto rest = app.remaining(); !rest.empty()) {
    line.error = unknown_word_text(app, rest.front(), " " + row.name);
  } else if (!problem.empty()) {
    line.error = fmt::format("{}; see `sluice {} --help`", problem, row.name);
  } else {
    line.command = std::move(command);
  }
}

}  // namespace

CommandLine read_command_line(std::vector<std::string> words) {
  CommandLine line;
  GlobalOptions global;
  CLI::App app;
  add_global_options(app, global);
  app.add_flag("--version", global.version, "the version");
  app.prefix_command();  // stops at the first word that is not one of these flags
  const std::string problem = parse_words(app, std::move(words));
  auto rest = app.remaining();
  if (!problem.empty()) {
    line.error = problem + "; see `sluice --help`";
  } else if (global.version) {
    line.command = make_version_command();
  } else if (rest.empty()) {
    if (global.help)
      line.help = overview_text();
    else
      line.error = "which command? `sluice help` lists them";
  } else if (rest.front().starts_with('-')) {
    line.error = unknown_word_text(app, rest.front(), "");
  } else if (const CommandRow* both = rest.size() < 2 ? nullptr : find_command(rest[0] + " " + rest[1])) {
    rest.erase(rest.begin(), rest.begin() + 2);
    read_command(*both, std::move(rest), global, line);
  } else if (const CommandRow* row = find_command(rest.front())) {
    rest.erase(rest.begin());
    read_command(*row, std::move(rest), global, line);
  } else {
    line.error = unknown_command_text(rest.front());
  }
  line.console = global.console;
  return line;
}

std::string overview_text() {
  std::string text = "sluice: compiles data pipelines written in Flow and runs them\n\nusage: sluice COMMAND [FLAGS]\n";
  std::string group;
  for (const CommandRow& row : command_rows()) {
    if (row.group != group) text += fmt::format("\n{}\n", row.group);
    group = row.group;
    text += fmt::format("  {:<16} {}\n", row.name, row.make()->help().summary);
  }
  GlobalOptions global;
  CLI::App app;
  add_global_options(app, global);
  text += "\neverywhere\n" + options_text(app, true);
  return text + "\n`sluice help COMMAND` has the flags of a command and examples.\n";
}

std::optional<std::string> help_text(const std::string& command) {
  const CommandRow* row = find_command(command);
  if (row == nullptr) return std::nullopt;
  CommandLine line;
  GlobalOptions global;
  read_command(*row, {"--help"}, global, line);
  return line.help;
}

std::string unknown_command_text(const std::string& command) {
  std::vector<std::string> names;
  for (const CommandRow& row : command_rows()) {
    if (row.name.starts_with(command))
      return fmt::format("there is no command `{}`; did you mean `{}`?", command, row.name);
    names.push_back(row.name);
  }
  if (const auto close = closest_name(command, names))
    return fmt::format("there is no command `{}`; did you mean `{}`?", command, *close);
  if (command.ends_with(".flow")) return fmt::format("there is no command `{0}`; did you mean `run {0}`?", command);
  return fmt::format("there is no command `{}`; `sluice help` lists them", command);
}

}  // namespace sluice
