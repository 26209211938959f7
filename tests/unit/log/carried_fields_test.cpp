#include "weir/log/carried_fields.hpp"

#include "weir/context.hpp"
#include "weir/context_fields.hpp"

#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <thread>

using weir::field;

TEST_CASE("carried: a logger's fields are in each of its records, behind the statement's", "[log][carried]") {
  captured_stream text, json({}, as_bare_json());
  const auto log = [](weir::logger& to) {
    weir::bound_logger connection = to.with(field<"peer">("10.0.0.1"), field<"n">(7), field<"share">(0.5));
    WEIR_INFO(connection, "macro {}", 1, field<"own">(true));
    connection.info("function {}", 2);
    WEIR_INFO(to, "without");
  };
  log(text.log());
  log(json.log());
  CHECK(text.lines() == std::vector<std::string>{"macro 1 own=true peer=10.0.0.1 n=7 share=0.5",
                                                 "function 2 peer=10.0.0.1 n=7 share=0.5", "without"});
  CHECK(json.lines() == std::vector<std::string>{R"(macro 1,"own":true,"peer":"10.0.0.1","n":7,"share":0.5)",
                                                 R"(function 2,"peer":"10.0.0.1","n":7,"share":0.5)", "without"});
}

TEST_CASE("carried: loggers are narrowed step by step, and the nearer value of a key counts", "[log][carried]") {
  captured_stream test;
  weir::bound_logger outer = test.log().with(field<"a">(1), field<"b">("outer"));
  weir::bound_logger inner = outer.with(field<"b">("inner"), field<"c">(3));
  WEIR_INFO(inner, "m");
  WEIR_INFO(outer, "m");
  WEIR_INFO(inner, "m", field<"c">("statement"));
  CHECK(test.lines() == std::vector<std::string>{"m a=1 b=inner c=3", "m a=1 b=outer", "m c=statement a=1 b=inner"});
}

TEST_CASE("carried: a context's fields follow it, behind the logger's", "[log][carried]") {
  captured_stream test;
  const weir::context ctx = weir::with_fields(weir::background(), field<"user">("ann"), field<"tenant">(4));
  const weir::context below = weir::with_fields(ctx, field<"tenant">(5), field<"job">(std::string("long ") + "text"));
  weir::bound_logger log = test.log().with(field<"user">("bob"));
  {
    const weir::context_scope scope(ctx);
    WEIR_INFO(test.log(), "outer");
    WEIR_INFO(log, "logger first");
  }
  std::thread([&] {
    const weir::context_scope scope(below);
    WEIR_INFO(test.log(), "below", field<"own">(1));
  }).join();
  WEIR_INFO(test.log(), "outside");
  CHECK(test.lines() == std::vector<std::string>{"outer user=ann tenant=4", "logger first user=bob tenant=4",
                                                 R"(below own=1 user=ann tenant=5 job="long text")", "outside"});
}

TEST_CASE("carried: contexts made below keep the fields, with or without ids of their own", "[log][carried]") {
  captured_stream test;
  const weir::context ctx = weir::with_fields(weir::background(), field<"user">("ann"));
  auto [cancellable, cancel] = weir::with_cancel(ctx, weir::correlation{1, 2, 3});
  const weir::context named = weir::with_correlation(ctx, weir::correlation{4, 5, 6});
  const weir::context endless = weir::without_cancel(cancellable);
  for (const weir::context& each : {cancellable, named, endless}) {
    const weir::context_scope scope(each);
    test.log().info("m");
    CHECK(test.last_line() == "m user=ann");
  }
}

TEST_CASE("carried: the values are copied", "[log][carried]") {
  captured_stream test;
  std::string name = "before";
  weir::bound_logger log = test.log().with(field<"name">(name));
  weir::context ctx = weir::with_fields(weir::background(), field<"also">(name));
  name = "after";
  const weir::context_scope scope(ctx);
  WEIR_INFO(log, "m");
  CHECK(test.last_line() == "m name=before also=before");
}

TEST_CASE("carried: records too large are cut, not what they carry", "[log][carried]") {
  captured_stream test({.record_limit_bytes = 1024});
  weir::bound_logger log = test.log().with(field<"key">("value"));
  log.info("{}", std::string(5000, 'x'));
  const std::string line = test.last_line();
  CHECK(line.ends_with("bytes cut] key=value"));
  CHECK(line.size() < 1100);
}

TEST_CASE("carried: hostile values stay one valid line", "[log][carried]") {
  captured_stream json({}, weir::as_json());
  weir::bound_logger log = json.log().with(field<"k">("a\"b\n\xff"));
  log.info("m");
  CHECK(json.last_line().find(R"("k":"a\"b\n\\xff")") != std::string::npos);
}

TEST_CASE("carried: a context that is made anew in place has its parent's fields", "[log][carried]") {
  captured_stream test;
  const weir::context base = weir::with_fields(weir::background(), field<"user">("ann"));
  auto made = weir::with_cancel(base, weir::correlation{1, 2, 3});
  made.cancel();
  weir::renew(made, base, weir::correlation{4, 5, 6});
  const weir::context_scope scope(made.ctx);
  test.log().info("m");
  CHECK(test.last_line() == "m user=ann");
}
