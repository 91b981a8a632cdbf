using System.Runtime.InteropServices;

namespace VirtualCard.Driver.Exports;

/// <summary>What tests ask the virtual card: entry points that no real driver has.</summary>
internal static unsafe class CheckCalls
{
    [UnmanagedCallersOnly(EntryPoint = "vcReportCount")]
    private static int ReportCount()
    {
        lock (Machine.Gate)
            return Machine.Reports.Count;
    }

    /// <returns>The bytes of the text without its zero, -1 if there is none.</returns>
    [UnmanagedCallersOnly(EntryPoint = "vcReportText")]
    private static int ReportText(int index, byte* buffer, int size)
    {
        lock (Machine.Gate)
            return index >= 0 && index < Machine.Reports.Count ? Text.Give(buffer, size, Machine.Reports[index]) : -1;
    }

    [UnmanagedCallersOnly(EntryPoint = "vcReportClear")]
    private static void ReportClear()
    {
        lock (Machine.Gate)
            Machine.Reports.Clear();
    }

    /// <summary>Lists what lives, a line each.</summary>
    /// <returns>How much there is.</returns>
    [UnmanagedCallersOnly(EntryPoint = "vcLeaks")]
    private static int Leaks(byte* buffer, int size)
    {
        lock (Machine.Gate)
        {
            var lines = Machine.Living().ToArray();
            if (buffer != null)
                Text.Give(buffer, size, string.Join('\n', lines));
            return lines.Length;
        }
    }

    /// <summary>Gives the numbers of <see cref="Counters"/>.</summary>
    /// <returns>How many there are.</returns>
    [UnmanagedCallersOnly(EntryPoint = "vcCounters")]
    private static int GetCounters(long* values, int count)
    {
        lock (Machine.Gate)
        {
            var all = Machine.Counters.ToArray();
            if (values != null)
                all.AsSpan(0, Math.Min(count, all.Length)).CopyTo(new(values, count));
            return all.Length;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "vcCountersReset")]
    private static void CountersReset()
    {
        lock (Machine.Gate)
            Machine.ResetCounters();
    }

    /// <summary>How often a function of the driver was called.</summary>
    [UnmanagedCallersOnly(EntryPoint = "vcCallCount")]
    private static long CallCount(byte* name)
    {
        lock (Machine.Gate)
            return Machine.Counters.CallsOf(Marshal.PtrToStringUTF8((nint)name) ?? "");
    }

    /// <summary>Lists the functions that were called and how often, a line each.</summary>
    [UnmanagedCallersOnly(EntryPoint = "vcCalls")]
    private static int Calls(byte* buffer, int size)
    {
        lock (Machine.Gate)
        {
            var lines = Machine.Counters.ByName.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key} {pair.Value}").ToArray();
            if (buffer != null)
                Text.Give(buffer, size, string.Join('\n', lines));
            return lines.Length;
        }
    }

    /// <summary>Lists what kernels have done while the option "counts" was on, a line each: its name, and names with numbers.</summary>
    /// <returns>How many kernels there are.</returns>
    [UnmanagedCallersOnly(EntryPoint = "vcStatistics")]
    private static int Statistics(byte* buffer, int size)
    {
        lock (Machine.Gate)
        {
            if (buffer != null)
                Text.Give(buffer, size, string.Join('\n', Machine.LaunchCounts.Lines));
            return Machine.LaunchCounts.Lines.Count();
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "vcSetSeed")]
    private static void SetSeed(ulong seed)
    {
        lock (Machine.Gate)
            Machine.Scheduler.Seed(seed);
    }

    /// <returns>0, or 1 if there is no such option.</returns>
    [UnmanagedCallersOnly(EntryPoint = "vcSetOption")]
    private static int SetOption(byte* name, long value)
    {
        lock (Machine.Gate)
        {
            var text = Marshal.PtrToStringUTF8((nint)name);
            if (text != "memory")
                return text is not null && Machine.Options.Set(text, value) ? 0 : 1;
            foreach (var card in Machine.Cards)
                card.MemoryBytes = value;
            return 0;
        }
    }

    /// <summary>Runs all queued work.</summary>
    [UnmanagedCallersOnly(EntryPoint = "vcDrain")]
    private static Result Drain() => Entry.Anytime("vcDrain", () =>
    {
        Machine.Scheduler.RunAll();
        return Result.Success;
    });

    /// <summary>Takes the cards away; the next cuInit finds these.</summary>
    /// <returns>0; the number of things that live, if there are any; -1 if there is no such architecture.</returns>
    [UnmanagedCallersOnly(EntryPoint = "vcReset")]
    private static int Reset(int cards, byte* architecture, ulong seed)
    {
        lock (Machine.Gate)
        {
            try
            {
                var living = Machine.Living().Count();
                if (living == 0)
                    Machine.Reset(cards, Marshal.PtrToStringUTF8((nint)architecture), seed);
                return living;
            }
            catch (ArgumentException)
            {
                return -1;
            }
        }
    }
}
