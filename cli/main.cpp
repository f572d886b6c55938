#include <fmt/format.h>

int main() { fmt::print("sluice 0.1.0\n"); }
