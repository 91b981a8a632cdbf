namespace GpuOptim.Tests.Distributed.Nccl;

/// <summary>A call of NCCL's that moves something.</summary>
/// <param name="Name">The function.</param>
/// <param name="Source">Where it reads; 0 if it does not.</param>
/// <param name="Destination">Where it writes; 0 if it does not.</param>
/// <param name="Count">How many elements, of each rank where that differs.</param>
/// <param name="Type">NCCL's number of their type.</param>
/// <param name="Peer">The root or the other rank; -1 if there is none.</param>
/// <param name="Stream">The stream.</param>
internal sealed record FakeCall(string Name, nint Source, nint Destination, int Count, int Type, int Peer, nint Stream)
{
    /// <summary>Bytes of an element.</summary>
    public int ElementSize => Type switch { 1 => 1, 6 or 9 => 2, 7 => 4, 8 => 8, _ => throw new InvalidOperationException($"Type {Type} is none of ours.") };

    /// <summary>Bytes of a rank's part.</summary>
    public int Bytes => Count * ElementSize;

    public override string ToString() => $"{Name} {Count} of type {Type}{(Peer < 0 ? "" : $", {Peer}")}";
}
