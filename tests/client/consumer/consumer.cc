// A program that knows of Kipu only what is installed: it writes to the store in argv[1] and reads
// back what it wrote.
#include <cstdio>
#include <string>

#include <kipu/client.h>
#include <kipu/embedded.h>
#include <kipu/ranges.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto client = kipu::open_embedded(argv[1]);
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().message.c_str());
    return 1;
  }
  for (const char* fruit : {"apple", "pear"}) {
    const auto stamp = client->append("fruit", fruit);
    if (!stamp) {
      std::fprintf(stderr, "%s\n", stamp.error().message.c_str());
      return 1;
    }
  }
  std::string all;
  for (const auto& item : client->values("fruit")) {
    if (!item) return 1;
    all += item->value + ";";
  }
  std::printf("%s\n", all.c_str());
  return 0;
}
