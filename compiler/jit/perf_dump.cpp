#include "compiler/jit/perf_dump.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Object/SymbolSize.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

namespace sluice {

namespace {

// The records of a jitdump file, as perf reads them (tools/perf/Documentation/jitdump-specification.txt of Linux).
struct FileHeader {
  uint32_t magic = 0x4A695444;
  uint32_t version = 1;
  uint32_t size = 40;
  uint32_t machine = llvm::ELF::EM_X86_64;
  uint32_t padding = 0;
  uint32_t process = 0;
  uint64_t time = 0;
  uint64_t flags = 0;
};

enum class RecordKind : uint32_t { Code = 0, Lines = 2 };

struct RecordHeader {
  RecordKind kind = RecordKind::Code;
  uint32_t size = 0;
  uint64_t time = 0;
};

struct CodeRecord {  // then the function's name with a NUL, then its bytes
  uint32_t process = 0;
  uint32_t thread = 0;
  uint64_t virtual_address = 0;
  uint64_t address = 0;
  uint64_t size = 0;
  uint64_t index = 0;  // no other function of the process has it
};

struct LinesRecord {  // then as many entries
  uint64_t address = 0;
  uint64_t count = 0;
};

struct LineEntry {  // then the file's name with a NUL
  uint64_t address = 0;
  uint32_t line = 0;
  uint32_t discriminator = 0;
};

uint64_t now() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::steady_clock::now().time_since_epoch())  // what `perf record -k 1` reads
          .count());
}

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& out, std::string_view text) {
  out.append(text);
  out.push_back('\0');
}

void append_record(std::string& out, RecordKind kind, std::string_view body) {
  append(out, RecordHeader{kind, static_cast<uint32_t>(sizeof(RecordHeader) + body.size()), now()});
  out.append(body);
}

struct Function {
  std::string name;
  uint64_t address = 0;  // where it runs
  std::string_view code;
  llvm::object::SectionedAddress place;  // in the object
};

void append_lines(std::string& out, const Function& function, llvm::DWARFContext& lines) {
  std::string entries;
  uint64_t count = 0;
  const llvm::DILineInfoSpecifier wanted(llvm::DILineInfoSpecifier::FileLineInfoKind::AbsoluteFilePath);
  for (const auto& [place, info] : lines.getLineInfoForAddressRange(function.place, function.code.size(), wanted)) {
    if (info.Line == 0) continue;  // code between the lines counts for the line before it
    append(entries, LineEntry{function.address + (place - function.place.Address), info.Line, 0});
    append_text(entries, info.FileName);
    ++count;
  }
  if (count == 0) return;
  std::string body;
  append(body, LinesRecord{function.address, count});
  append_record(out, RecordKind::Lines, body + entries);
}

void append_code(std::string& out, const Function& function) {
  static std::atomic<uint64_t> next_index{0};
  std::string body;
  append(body, CodeRecord{static_cast<uint32_t>(::getpid()), static_cast<uint32_t>(::syscall(SYS_gettid)),
                          function.address, function.address, function.code.size(), next_index++});
  append_text(body, function.name);
  body.append(function.code);
  append_record(out, RecordKind::Code, body);
}

llvm::Expected<std::vector<Function>> functions_of(const llvm::object::ObjectFile& object, std::string_view stage,
                                                   const PerfDump::AddressOf& address_of) {
  std::vector<Function> functions;
  for (const auto& [symbol, size] : llvm::object::computeSymbolSizes(object)) {
    auto type = symbol.getType();
    if (!type) return type.takeError();
    if (*type != llvm::object::SymbolRef::ST_Function || size == 0) continue;
    auto name = symbol.getName();
    if (!name) return name.takeError();
    auto offset = symbol.getValue();
    if (!offset) return offset.takeError();
    auto section = symbol.getSection();
    if (!section) return section.takeError();
    const uint64_t address = address_of(name->str());
    if (address == 0 || *section == object.section_end()) continue;
    const std::string_view code(reinterpret_cast<const char*>(address), size);
    functions.push_back({fmt::format("{}.{}", stage, name->str()), address, code, {*offset, (*section)->getIndex()}});
  }
  return functions;
}

Result<std::string> make_directory() {
  const char* base = std::getenv("JITDUMPDIR");
  if (base == nullptr) base = std::getenv("HOME");
  const std::string parent = fmt::format("{}/.debug/jit", base == nullptr ? "." : base);
  std::error_code failed;
  std::filesystem::create_directories(parent, failed);
  if (failed) return system_error("cannot make the directory " + parent, failed.value());
  std::string path = parent + "/sluice-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return system_error("cannot make a directory in " + parent, errno);
  return path;
}

Status write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return system_error("cannot write " + path, errno);
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

size_t page_size() { return static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

Result<std::unique_ptr<PerfDump>> PerfDump::create() {
  std::unique_ptr<PerfDump> dump(new PerfDump);
  SLUICE_ASSIGN(const std::string directory, make_directory());
  dump->path_ = fmt::format("{}/jit-{}.dump", directory, ::getpid());
  dump->file_ = ::open(dump->path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (dump->file_ < 0) return system_error("cannot create " + dump->path_, errno);
  // perf finds the file because it records every executable mapping.
  void* marker = ::mmap(nullptr, page_size(), PROT_READ | PROT_EXEC, MAP_PRIVATE, dump->file_, 0);
  if (marker == MAP_FAILED) return system_error("cannot map " + dump->path_, errno);
  dump->marker_ = marker;
  FileHeader header;
  header.process = static_cast<uint32_t>(::getpid());
  header.time = now();
  std::string bytes;
  append(bytes, header);
  SLUICE_TRY(write_all(dump->file_, bytes, dump->path_));
  return dump;
}

PerfDump::~PerfDump() {
  if (marker_ != nullptr) ::munmap(marker_, page_size());
  if (file_ >= 0) ::close(file_);
}

Status PerfDump::add(llvm::MemoryBufferRef buffer, std::string_view stage, const AddressOf& address_of) {
  auto object = llvm::object::ObjectFile::createObjectFile(buffer);
  if (!object) return internal_error(llvm::toString(object.takeError()));
  auto functions = functions_of(**object, stage, address_of);
  if (!functions) return internal_error(llvm::toString(functions.takeError()));
  const auto lines = llvm::DWARFContext::create(**object);
  std::string records;
  for (const auto& function : *functions) {
    append_lines(records, function, *lines);  // perf gives them to the function that follows
    append_code(records, function);
  }
  const std::lock_guard lock(mutex_);
  return write_all(file_, records, path_);
}

}  // namespace sluice
