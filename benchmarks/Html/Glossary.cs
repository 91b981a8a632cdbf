using System.Xml.Linq;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>How it was measured, and what the words mean.</summary>
internal static class Glossary
{
    private static readonly (string Term, string Text)[] _terms =
    [
        ("Race", "What is to be compared runs together. Every round runs everybody once, in an order drawn anew, so that what disturbs the machine for a while disturbs all of them."),
        ("Pass", "Everything is set up several times, in fresh memory. Where memory lies changes how fast it is, and a single set-up would hide that."),
        ("Time", "A time is the median over all rounds of all passes. Work that is short is repeated until the clock can see it. First runs, which compile and touch memory, are not counted."),
        ("95 % interval", "The true median is in it, with 95 % confidence. It is bootstrapped: passes are drawn at random, rounds within them, and medians are taken again and again; few passes widen it."),
        ("Floor", "The machine's own speed is measured in the same rounds. What has to be moved or computed, divided by that speed, is the time that the machine allows."),
        ("Triad", "a += s × b on the same threads, 12 bytes an element. It shows what memory and caches carry. An update can beat it: memory likes some mixtures of reads and writes better."),
        ("Divider", "Two divisions and a square root for each element, which Adam cannot do without; in the first-level cache, so that memory does not matter."),
        ("Peak", "Independent multiply-adds in registers, on the same threads. A multiply-add counts as two operations."),
        ("Dense", "Operations of the algorithm as it is written. Products that are symmetric need only half of theirs, so a dense rate can pass the peak."),
        ("Times", "The median over the rounds of a rival's time over ours. The rival is the fastest one in the race."),
        ("Inputs", "No number is zero or subnormal, because processors take another way for these."),
        ("Checked", "Results were compared in the same run, before they were timed. A fast wrong answer would be no figure."),
    ];

    public static XElement Section(Report report) => Tag.Of(
        "section.glossary",
        ("id", "how"),
        Tag.Of("h2", "How it was measured"),
        MachineSection.Clock(report),
        Tag.Of("dl", _terms.Select(term => Tag.Of("div", Tag.Of("dt", term.Term), Tag.Of("dd", term.Text)))));
}
