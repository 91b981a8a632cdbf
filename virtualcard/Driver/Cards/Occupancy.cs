namespace VirtualCard.Driver.Cards;

/// <summary>How many blocks a multiprocessor takes.</summary>
internal static class Occupancy
{
    private const int WarpRegisterUnit = 256;

    private const int SharedUnit = 128;

    /// <summary>Registers that a block of threads takes, which come in units of warps.</summary>
    public static int BlockRegisters(int threadRegisters, long threads)
    {
        var warps = (threads + CardModel.WarpSize - 1) / CardModel.WarpSize;
        return (int)(warps * RoundUp(threadRegisters * CardModel.WarpSize, WarpRegisterUnit));
    }

    public static int BlocksPerMultiprocessor(CardModel model, DriverFunction function, int threads, long dynamicShared)
    {
        if (threads > function.MaxThreads || dynamicShared > function.MaxDynamicShared)
            return 0;
        var warps = (threads + CardModel.WarpSize - 1) / CardModel.WarpSize;
        var shared = RoundUp(function.Kernel.StaticSharedBytes + dynamicShared + CardModel.ReservedSharedBytes, SharedUnit);
        long blocks = Math.Min(model.MultiprocessorBlocks, model.MultiprocessorThreads / (warps * CardModel.WarpSize));
        blocks = Math.Min(blocks, model.MultiprocessorSharedBytes / shared);
        var registers = BlockRegisters(function.Registers, threads);
        return (int)(registers == 0 ? blocks : Math.Min(blocks, CardModel.Registers / registers));
    }

    private static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;
}
