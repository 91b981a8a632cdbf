using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Programs of parts that share an array and mbarriers: %r4 is the array's address, %r5 that of the barriers; %p1 is for thread 0, %p2 for warp 0.</summary>
internal static class MbarrierProgram
{
    public const string Synchronize = "bar.sync 0;\n", ProxyFence = "fence.proxy.async;\n";

    /// <summary>One arrival.</summary>
    public const string Arrive = "mbarrier.arrive.shared::cta.b64 _, [%r5];\n";

    /// <summary>Each thread's %r9 goes to y.</summary>
    public static readonly string Store = PtxProgram.Address("%d1", "%y", "%r0", 4) + "st.global.u32 [%d1], %r9;\n";

    public const string Start = PtxProgram.Thread + """
        .shared .align 1024 .b8 buf[4096]; .shared .align 8 .b64 bar[4];
        mov.u32 %r4, buf; mov.u32 %r5, bar; setp.eq.u32 %p1, %r0, 0; setp.lt.u32 %p2, %r0, 32; mov.u32 %r6, 0; mov.u32 %r7, 1;

        """;

    /// <summary>A barrier that waits for so many arrivals.</summary>
    public static string Initialize(int count) => $"@%p1 mbarrier.init.shared::cta.b64 [%r5], {count};\n";

    /// <summary>Waits for the end of a phase.</summary>
    public static string Wait(string parity, string label = "W", string instruction = "try_wait") =>
        $"{label}: mbarrier.{instruction}.parity.shared::cta.b64 %p3, [%r5], {parity};\n@!%p3 bra {label};\n";

    /// <summary>Runs parts in their order, and returns y; x counts from 0 to 1023.</summary>
    public static (uint[] Result, Statistics Statistics) Run(string parts, int threads = 64, int? seed = null)
    {
        using var card = new Card();
        var (x, y) = (card.Allocate(Enumerable.Range(0, 1024).ToArray(), "x"), card.Zeros<uint>(threads, "y"));
        var ptx = PtxProgram.Kernel("u64 x, u64 y", Start + parts + "ret;", target: "sm_90a");
        var statistics = card.Launch(ptx, 1, threads, [x, y], request => request with { ChecksRaces = true, Seed = seed });
        return (y.Read(), statistics);
    }
}
