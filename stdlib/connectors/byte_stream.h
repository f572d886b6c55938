// ByteStream: the bytes of one input, whatever it is: a file, a compressed file, standard input.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "lang/support/result.h"
#include "stdlib/connectors/input_files.h"

namespace sluice {

// A switch that ends waiting reads; shared by a source and its open stream.
class Interrupter {
 public:
  Interrupter();
  ~Interrupter();
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;
  void interrupt();  // from any thread
  [[nodiscard]] bool is_interrupted() const { return is_set_.load(std::memory_order_acquire); }
  [[nodiscard]] int event() const { return event_; }  // becomes readable, for poll(2)

 private:
  int event_ = -1;
  std::atomic<bool> is_set_ = false;
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Up to `size` bytes, at least one unless the end was reached or the read interrupted (then 0).
  virtual Result<uint64_t> read(char* data, uint64_t size) = 0;
  // Leaves out the next `size` bytes; an error, with the stream's name, when there are fewer.
  virtual Status skip(uint64_t size);
  // Would read() have to wait for another process?
  [[nodiscard]] virtual bool must_wait() { return false; }
  // Bytes taken from the underlying input so far (compressed ones where it is).
  [[nodiscard]] virtual uint64_t consumed() const = 0;
  [[nodiscard]] virtual const std::string& name() const = 0;  // for messages
};

// Files named *.gz and *.zst are unpacked. Of a file that has grown since it was listed, what it had then.
[[nodiscard]] Result<std::unique_ptr<ByteStream>> open_stream(const InputFile& input, const Interrupter& interrupter);

}  // namespace sluice
