using System.Runtime.InteropServices;
using VirtualCard.Memory;

namespace VirtualCard.Execution;

/// <summary>What a warp needs while it runs: registers, with the constants of the text behind them, local memory, and room to work.</summary>
internal sealed unsafe class WarpMemory : IDisposable
{
    private const int Line = 64, MaskBytes = 15 * Lanes.Count;

    private readonly RegisterLayout _layout;

    public WarpMemory(CompiledKernel program)
    {
        _layout = program.Registers;
        static int Whole(int bytes) => (bytes + Line - 1) / Line * Line;
        var (registers, local, calls) = (Whole(_layout.Bytes), Whole(program.LocalBytes * Lanes.Count), Whole(program.CallParameterBytes * Lanes.Count));
        Registers = (byte*)NativeMemory.AlignedAlloc((nuint)(registers + local + calls + Lanes.Count * sizeof(ulong) + Whole(MaskBytes)), Line);
        Local = Registers + registers;
        CallParameters = Local + local;
        Addresses = (ulong*)(CallParameters + calls);
        Masks = (byte*)(Addresses + Lanes.Count);
        _layout.WriteConstants(Registers);
    }

    public byte* Registers { get; }

    /// <summary>The threads' local memory, one after the other.</summary>
    public byte* Local { get; }

    /// <summary>The .param variables of calls, thread after thread.</summary>
    public byte* CallParameters { get; }

    /// <summary>Room for the addresses of an access.</summary>
    public ulong* Addresses { get; }

    /// <summary>Room for the active lanes as masks of vectors.</summary>
    public byte* Masks { get; }

    /// <summary>Makes of registers and local memory what a thread finds that has written nothing.</summary>
    public void Poison()
    {
        MemoryMarshal.Cast<byte, ushort>(new Span<byte>(Registers, _layout.VariableBytes)).Fill(AddressSpace.Poison);
        new Span<byte>(Registers + _layout.PredicateOffset, _layout.PredicateBytes).Clear();
        MemoryMarshal.Cast<byte, ushort>(new Span<byte>(Local, (int)((byte*)Addresses - Local))).Fill(AddressSpace.Poison);
    }

    public void Dispose() => NativeMemory.AlignedFree(Registers);
}
