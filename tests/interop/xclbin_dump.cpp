// SPDX-License-Identifier: Apache-2.0
// Prints what AMD's parser (xrt::xclbin of libxrt_coreutil) finds in an xclbin, as JSON.
// Usage: xclbin_dump FILE...   One JSON value a line; a file that it refuses gives {"error": "..."}.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "experimental/xrt_xclbin.h"

namespace {

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << '"';
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out << '\\' << c;
    } else if (c < 0x20 || c >= 0x7f) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
      out << buffer;
    } else {
      out << c;
    }
  }
  out << '"';
  return out.str();
}

template <typename Items, typename Print>
std::string list(const Items& items, Print print) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += print(item);
  }
  return out + "]";
}

std::string field(const char* name, uint64_t value) {
  return quoted(name) + ":" + std::to_string(value);
}

std::string field(const char* name, const std::string& value) {
  return quoted(name) + ":" + quoted(value);
}

std::string mem(const xrt::xclbin::mem& m) {
  return "{" + field("tag", m.get_tag()) + "," + field("base", m.get_base_address()) + "," +
         field("size_kb", m.get_size_kb()) + "," + field("used", m.get_used()) + "," +
         field("type", static_cast<uint64_t>(m.get_type())) + "," +
         field("index", static_cast<uint64_t>(m.get_index())) + "}";
}

std::string arg(const xrt::xclbin::arg& a) {
  return "{" + field("name", a.get_name()) + "," + field("index", a.get_index()) + "," +
         field("offset", a.get_offset()) + "," + field("size", a.get_size()) + "," +
         field("port", a.get_port()) + "," + field("type", a.get_host_type()) + ",\"mems\":" +
         list(a.get_mems(), [](const auto& m) { return std::to_string(m.get_index()); }) + "}";
}

std::string ip(const xrt::xclbin::ip& i) {
  return "{" + field("name", i.get_name()) + "," + field("base", i.get_base_address()) + "," +
         field("size", i.get_size()) + "," +
         field("control", static_cast<uint64_t>(i.get_control_type())) + ",\"args\":" +
         list(i.get_args(), arg) + "}";
}

std::string kernel(const xrt::xclbin::kernel& k) {
  return "{" + field("name", k.get_name()) + ",\"args\":" + list(k.get_args(), arg) + ",\"cus\":" +
         list(k.get_cus(), [](const auto& cu) { return quoted(cu.get_name()); }) + "}";
}

std::string dump(const std::string& path) {
  xrt::xclbin image{path};
  return "{" + field("uuid", image.get_uuid().to_string()) + "," +
         field("xsa_name", image.get_xsa_name()) + "," +
         field("fpga_device", image.get_fpga_device_name()) + "," +
         field("target", static_cast<uint64_t>(image.get_target_type())) + ",\"mems\":" +
         list(image.get_mems(), mem) + ",\"ips\":" + list(image.get_ips(), ip) + ",\"kernels\":" +
         list(image.get_kernels(), kernel) + "}";
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    try {
      std::cout << dump(argv[i]) << std::endl;
    } catch (const std::exception& error) {
      std::cout << "{" << field("error", error.what()) << "}" << std::endl;
    }
  }
  return 0;
}
