namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>An instruction, and what it is in floating-point arithmetic.</summary>
internal sealed record FloatOperation<T>(string Opcode, int Count, Func<T[], T> Reference) where T : unmanaged
{
    public void Verify(params T[][] sources)
    {
        var actual = Lanes.Run<T>(Lanes.Instruction(Opcode, Count), sources);
        Expect.Same(actual, Enumerable.Range(0, actual.Length).Select(i => Reference([.. sources.Select(numbers => numbers[i])])), Opcode);
    }

    public override string ToString() => Opcode;
}
