namespace VirtualCard.Execution;

/// <summary>Two threads of different warps that use a byte of shared memory with no barrier between, one of them to write.</summary>
/// <param name="Kind">read-after-write, write-after-read, write-after-write or "cp.async in flight".</param>
/// <param name="Where">The variable and the byte in it.</param>
public sealed record Race(string Kind, Dim3 Block, string Where, int FirstThread, int FirstLine, int SecondThread, int SecondLine)
{
    public override string ToString() =>
        $"{Kind} block {Block} {Where}: thread {FirstThread} at line {FirstLine}, thread {SecondThread} at line {SecondLine}, no barrier between";
}
