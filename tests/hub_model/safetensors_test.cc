// What a stranger's file may claim, and the sentence with which it is refused.
#include "hub/model/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/text.h"

namespace lockstep::model {
namespace {

Bytes file_of(std::string_view header, std::size_t data_bytes,
              std::optional<std::uint64_t> length = std::nullopt) {
  Bytes file;
  ByteWriter(file).u64(length.value_or(header.size())).raw(header).raw(Bytes(data_bytes, '\0'));
  return file;
}

std::string refusal(BytesView file) {
  const auto found = read_tensors(file);
  return found ? "accepted" : found.error().message;
}

std::string tensor(std::string_view name, std::size_t begin, std::size_t end, std::string_view shape = "[1]",
                   std::string_view type = "F32") {
  return cat("\"", name, "\":{\"dtype\":\"", type, "\",\"shape\":", shape, ",\"data_offsets\":[", begin, ",",
             end, "]}");
}

std::string refusal_of(std::string_view tensors, std::size_t data_bytes = 8) {
  return refusal(file_of(cat("{", tensors, "}"), data_bytes));
}

TEST(Safetensors, WhatIsWrittenIsRead) {
  const std::vector<float> numbers{1, -2.5f, 0, 65504, 1e-7f, -0.0f};
  const std::vector<ConstNamedTensor> tensors{{"a", {2, 3}, numbers},
                                              {"b \"\\\n\x01", {}, std::span(numbers).first(1)}};
  for (const NumberType type : {NumberType::kF32, NumberType::kF16, NumberType::kBF16}) {
    const auto bytes = write_tensors({{"key", "one\ntwo \"\\"}}, tensors, type);
    ASSERT_TRUE(bytes.has_value()) << bytes.error().message;
    EXPECT_EQ((bytes->size() - 7 * size_of(type)) % 8, 0u);
    const auto file = read_tensors(*bytes);
    ASSERT_TRUE(file.has_value()) << file.error().message;
    EXPECT_EQ(file->metadata.at("key"), "one\ntwo \"\\");
    ASSERT_EQ(file->tensors.size(), 2u);
    EXPECT_EQ(file->tensors[0].shape, (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(file->tensors[1].name, tensors[1].name);
    std::vector<float> read(6);
    ASSERT_TRUE(read_numbers(file->tensors[0], read));
    for (std::size_t i = 0; i < read.size(); ++i)
      EXPECT_EQ(std::bit_cast<std::uint32_t>(read[i]),
                std::bit_cast<std::uint32_t>(round_to(type, numbers[i])))
          << i;
  }
}

TEST(Safetensors, NumbersAreRoundedToTheNearestTiesToEven) {
  EXPECT_EQ(round_to(NumberType::kF16, 2049), 2048);
  EXPECT_EQ(round_to(NumberType::kF16, 2051), 2052);
  EXPECT_EQ(round_to(NumberType::kF16, 65519), 65504);
  EXPECT_TRUE(std::isinf(round_to(NumberType::kF16, 65520)));
  EXPECT_TRUE(std::isinf(round_to(NumberType::kF16, 1e30f)));
  EXPECT_EQ(round_to(NumberType::kF16, 0x1p-24f), 0x1p-24f);
  EXPECT_EQ(round_to(NumberType::kF16, 0x1p-25f), 0);
  EXPECT_EQ(round_to(NumberType::kF16, 0x1.8p-24f), 0x1p-23f);
  EXPECT_EQ(round_to(NumberType::kF16, -0x1.ffcp-15f), -0x1p-14f);
  EXPECT_EQ(round_to(NumberType::kBF16, 257), 256);
  EXPECT_EQ(round_to(NumberType::kBF16, 259), 260);
  EXPECT_TRUE(std::isinf(round_to(NumberType::kBF16, std::numeric_limits<float>::max())));
  EXPECT_TRUE(std::isnan(round_to(NumberType::kF16, std::nanf(""))));
  EXPECT_TRUE(std::isnan(round_to(NumberType::kBF16, std::nanf(""))));
}

TEST(Safetensors, EveryHalfGoesThereAndBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const std::string bytes{static_cast<char>(bits & 0xFF), static_cast<char>(bits >> 8)};
    for (const NumberType type : {NumberType::kF16, NumberType::kBF16}) {
      float value = 0;
      if (!read_numbers({"x", type, {1}, bytes}, std::span(&value, 1))) continue;  // infinities and NaN
      ASSERT_EQ(round_to(type, value), value) << bits;
      const auto written =
          write_tensors({}, std::vector<ConstNamedTensor>{{"x", {1}, std::span(&value, 1)}}, type);
      ASSERT_EQ(written->substr(written->size() - 2), bytes);
    }
  }
}

TEST(Safetensors, LengthsThatLieAreRefused) {
  EXPECT_EQ(refusal(""), "safetensors: expected 8 bytes of header length, found 0");
  EXPECT_EQ(refusal(file_of("{}", 0, 1ull << 60)),
            "safetensors: expected a header of at most 1048576 bytes, found 1152921504606846976");
  EXPECT_EQ(refusal(file_of("{}", 0, 3)), "safetensors: expected a header of 3 bytes, found 2");
  EXPECT_EQ(refusal(file_of("{}", 0, ~0ull)),
            "safetensors: expected a header of at most 1048576 bytes, found 18446744073709551615");
  EXPECT_EQ(refusal(Bytes(kMaxFileBytes + 1, '\0')),
            "safetensors: expected a file of at most 67108864 bytes, found 67108865");
}

TEST(Safetensors, FilesOfAnotherKindAreNamedSo) {
  for (const char* text : {"# A title\n\nand words of it", "{\"version\": 1, \"gains\": {}}", "8 bytes!"})
    EXPECT_EQ(refusal(text),
              "safetensors: expected the length of a header and the header, found another kind of file");
}

TEST(Safetensors, HeadersThatAreNoObjectOfTensorsAreRefused) {
  EXPECT_EQ(refusal(file_of("{}   ", 0)), "accepted");
  EXPECT_EQ(refusal(file_of(" {}", 0)), "safetensors: expected the header to begin with '{'");
  EXPECT_EQ(refusal(file_of("{\"a\":1}", 0)),
            "safetensors: tensor \"a\": expected an object of dtype, shape and data_offsets");
  EXPECT_EQ(refusal_of(tensor("a", 0, 4) + "," + tensor("a", 4, 8)),
            "safetensors: header:1:55: /a: expected every key only once, found \"a\": this object has the "
            "key already");
  EXPECT_EQ(refusal_of("\"__metadata__\":{\"a\":1}", 0), "safetensors: __metadata__ \"a\": expected a text");
  EXPECT_EQ(refusal_of("\"__metadata__\":[]", 0),
            "safetensors: expected __metadata__ to be an object of texts");
  EXPECT_EQ(refusal_of(tensor("a", 0, 8, "[1]", "F64")),
            "safetensors: tensor \"a\": expected dtype F32, F16 or BF16, found \"F64\"");
  EXPECT_EQ(refusal_of(tensor("a", 0, 4, "[1.0]")),
            "safetensors: tensor \"a\": expected whole numbers as shape");
  EXPECT_EQ(refusal_of(tensor("a", 0, 4, "[-1]")),
            "safetensors: tensor \"a\": expected whole numbers as shape");
  EXPECT_EQ(refusal_of(tensor("a", 0, 4, "[1,1,1,1,1,1,1,1,1]")),
            "safetensors: tensor \"a\": expected a shape of at most 8 dimensions");
  EXPECT_EQ(refusal_of("\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}"),
            "safetensors: tensor \"a\": expected data_offsets [begin, end)");
  EXPECT_EQ(refusal_of("["),
            "safetensors: header:1:2: the document: expected a key in double quotes, found \"[}\": unexpected '['");
}

TEST(Safetensors, PlacesThatOverlapOrLeaveGapsAreRefused) {
  EXPECT_EQ(refusal_of(tensor("a", 0, 4) + "," + tensor("b", 4, 8)), "accepted");
  EXPECT_EQ(refusal_of(tensor("b", 4, 8) + "," + tensor("a", 0, 4)), "accepted");
  EXPECT_EQ(refusal_of(tensor("a", 0, 4) + "," + tensor("b", 2, 6)),
            "safetensors: tensor \"b\": overlaps the one before it: begins at 2, expected 4");
  EXPECT_EQ(refusal_of(tensor("a", 0, 4) + "," + tensor("b", 0, 4)),
            "safetensors: tensor \"b\": overlaps the one before it: begins at 0, expected 4");
  EXPECT_EQ(refusal_of(tensor("a", 4, 8)),
            "safetensors: tensor \"a\": leaves a gap: begins at 4, expected 0");
  EXPECT_EQ(refusal_of(tensor("a", 0, 4) + "," + tensor("b", 4, 8), 7),
            "safetensors: tensor \"b\": ends at 8, but only 7 bytes follow the header");
  EXPECT_EQ(refusal_of(tensor("a", 0, 4)), "safetensors: expected no bytes behind the last tensor, found 4");
}

TEST(Safetensors, ShapesThatDoNotFitTheirPlaceAreRefused) {
  EXPECT_EQ(refusal_of(tensor("a", 0, 8)),
            "safetensors: tensor \"a\": expected 4 bytes for its shape, found 8");
  EXPECT_EQ(refusal_of(tensor("a", 0, 0, "[0]"), 0),
            "safetensors: tensor \"a\": expected no empty dimension");
  EXPECT_EQ(refusal_of(tensor("a", 0, 8, "[4294967296,4294967296]")),
            "safetensors: tensor \"a\": expected a shape that fits into the file");
  EXPECT_EQ(refusal_of(tensor("a", 0, 8, "[18446744073709551615]")),
            "safetensors: tensor \"a\": expected a shape that fits into the file");
}

TEST(Safetensors, NumbersThatAreNotFiniteAreRefused) {
  const auto refused = [](NumberType type, BytesView bytes) {
    std::vector<float> out(bytes.size() / size_of(type));
    const Status status = read_numbers({"a", type, {out.size()}, bytes}, out);
    return status ? "accepted" : status.error().message;
  };
  const std::string sentence = "safetensors: tensor \"a\": expected finite numbers, found another one at 1";
  EXPECT_EQ(refused(NumberType::kF32, BytesView("\0\0\0\0\0\0\x80\x7f", 8)), sentence);
  EXPECT_EQ(refused(NumberType::kF32, BytesView("\0\0\0\0\1\0\x80\xff", 8)), sentence);
  EXPECT_EQ(refused(NumberType::kF16, BytesView("\0\0\0\x7c", 4)), sentence);
  EXPECT_EQ(refused(NumberType::kBF16, BytesView("\0\0\xc0\x7f", 4)), sentence);
  EXPECT_EQ(refused(NumberType::kBF16, BytesView("\0\0\x7f\x7f", 4)), "accepted");
}

TEST(Safetensors, WhatCannotBeReadIsNotWritten) {
  const auto refused = [](std::string_view name, float value, NumberType type) {
    const auto written = write_tensors(
        {}, std::vector<ConstNamedTensor>{{std::string(name), {1}, std::span(&value, 1)}}, type);
    return written ? "accepted" : written.error().message;
  };
  EXPECT_EQ(refused("a", 1e6f, NumberType::kF16),
            "tensor \"a\": expected numbers within F16, found another one at 0");
  EXPECT_EQ(refused("a", 1e6f, NumberType::kBF16), "accepted");
  EXPECT_EQ(refused("a", std::nanf(""), NumberType::kF32),
            "tensor \"a\": expected numbers within F32, found another one at 0");
  EXPECT_NE(refused("\xff", 1, NumberType::kF32), "accepted");
}

}  // namespace
}  // namespace lockstep::model
