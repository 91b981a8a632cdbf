using FsCheck;
using FsCheck.Fluent;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Each thread writes its number to a place of its own in shared memory and, behind a barrier, reads another's.</summary>
internal sealed record ExchangeRound(int WriteFactor, int WriteStart, int ReadFactor, int ReadStart)
{
    public const int Threads = 96;

    private static readonly Gen<int> _factor = Gen.Elements(1, 5, 7, 11, 13, 31, 65, 95), _start = Gen.Choose(0, Threads - 1);

    public static readonly Gen<ExchangeRound[]> Programs =
        (from writeFactor in _factor
         from writeStart in _start
         from readFactor in _factor
         from readStart in _start
         from isOwn in Gen.Elements(false, true)
         select isOwn ? new ExchangeRound(writeFactor, writeStart, writeFactor, writeStart) : new(writeFactor, writeStart, readFactor, readStart)).ArrayOf().Where(rounds => rounds.Length is > 0 and < 8);

    /// <summary>Whether a warp reads what another wrote.</summary>
    public bool CrossesWarps
    {
        get
        {
            var writers = new int[Threads];
            for (var thread = 0; thread < Threads; thread++)
                writers[(WriteFactor * thread + WriteStart) % Threads] = thread / 32;
            return Enumerable.Range(0, Threads).Any(thread => writers[(ReadFactor * thread + ReadStart) % Threads] != thread / 32);
        }
    }

    /// <summary>The number in %r10, the array's address in %r4.</summary>
    public string Write(bool hasBarrier) => $"""
        mad.lo.u32 %r11, %r0, {WriteFactor}, {WriteStart}; rem.u32 %r11, %r11, {Threads}; mad.lo.u32 %r11, %r11, 4, %r4;
        st.shared.u32 [%r11], %r10;
        {(hasBarrier ? "bar.sync 0;" : "")}
        mad.lo.u32 %r11, %r0, {ReadFactor}, {ReadStart}; rem.u32 %r11, %r11, {Threads}; mad.lo.u32 %r11, %r11, 4, %r4;
        ld.shared.u32 %r12, [%r11];
        mad.lo.u32 %r10, %r10, 17, %r12;
        bar.sync 0;

        """;

    public uint[] Apply(uint[] numbers)
    {
        var shared = new uint[Threads];
        for (var thread = 0; thread < Threads; thread++)
            shared[(WriteFactor * thread + WriteStart) % Threads] = numbers[thread];
        return [.. numbers.Select((number, thread) => number * 17 + shared[(ReadFactor * thread + ReadStart) % Threads])];
    }
}
