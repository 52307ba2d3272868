import { describe, expect, it } from "vitest";
import { age, bytes, duration, percent, spokenDuration, timeLeft } from "../src/format/format";
import { pieces } from "../src/format/links";

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [1_536_000, "1.5 MB"],
    [999_960, "1.0 MB"],
    [123_456_789, "123 MB"],
    [10_000_000_000, "10.0 GB"],
  ])("%d is %s", (count, text) => expect(bytes(count)).toBe(text));
});

describe("duration", () => {
  it.each([
    [200, "0:01"],
    [63_000, "1:03"],
    [599_600, "10:00"],
    [3_723_000, "1:02:03"],
  ])("%d ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

  it("is spoken in words", () => {
    expect(spokenDuration(61_000)).toBe("1 minute 1 second");
    expect(spokenDuration(7_320_000)).toBe("2 hours 2 minutes");
  });
});

describe("timeLeft", () => {
  it.each([
    [900, "a few seconds left"],
    [21_000, "25 seconds left"],
    [80_000, "about a minute left"],
    [600_000, "about 10 minutes left"],
    [7_200_000, "about 2 hours left"],
    [900_000_000, "more than two days left"],
  ])("%d ms is %s", (ms, text) => expect(timeLeft(ms)).toBe(text));
});

describe("age", () => {
  const now = Date.UTC(2026, 6, 1);
  it.each([
    [-5000, "just now"],
    [59_000, "just now"],
    [60_000, "1 minute ago"],
    [7_200_000, "2 hours ago"],
    [3 * 86_400_000, "3 days ago"],
    [14 * 86_400_000, "2 weeks ago"],
    [400 * 86_400_000, "1 year ago"],
  ])("%d ms is %s", (ms, text) => expect(age(now - ms, now)).toBe(text));
});

describe("percent", () => {
  it("never says done too early", () => {
    expect(percent(99.9)).toBe("99 %");
    expect(percent(100)).toBe("100 %");
    expect(percent(-1)).toBe("0 %");
  });
});

describe("pieces", () => {
  it("finds addresses and leaves the sentence's own marks alone", () => {
    expect(pieces("See https://a.example/x_(y). (And http://b.example/?q=1, too)")).toEqual([
      { text: "See " },
      { text: "https://a.example/x_(y)", href: "https://a.example/x_(y)" },
      { text: ". (And " },
      { text: "http://b.example/?q=1", href: "http://b.example/?q=1" },
      { text: ", too)" },
    ]);
  });

  it("makes no links of other schemes", () => {
    expect(pieces("javascript:alert(1) data:text/html,x").every((piece) => !piece.href)).toBe(true);
  });

  it("loses no text", () => {
    const text = "a https://x.example. b (https://y.example) c";
    expect(
      pieces(text)
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text);
  });
});
