using VirtualCard.Memory;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Steps;

/// <summary>atom and red. The lanes of a warp come one after the other; with a seed, in any order.</summary>
/// <param name="size">Bytes of a number.</param>
/// <param name="onGlobal">What it makes of global memory, where floats lose their subnormals.</param>
/// <param name="isExchange">Whether it needs no old value: memory that was never written will do where nobody takes that.</param>
/// <param name="destinations">Where the old values go; none for red.</param>
/// <param name="operands">The registers of the vector's parts.</param>
/// <param name="second">The value that cas stores; -1 for others.</param>
internal sealed unsafe class AtomicStep(
    AddressOperand address, int size, AtomicOperation operation, AtomicOperation onGlobal, bool isExchange, int[] destinations, int[] operands, int registerSize, int second) : Step
{
    private readonly AddressOperand _address = address;

    public override void Run(Warp warp)
    {
        var runner = warp.Runner;
        var addresses = Addresses.Of(warp, _address);
        var order = stackalloc int[Lanes.Count];
        var count = 0;
        for (var rest = warp.Active; rest != 0;)
            order[count++] = Lanes.Next(ref rest);
        for (var i = count - 1; i > 0 && runner.IsRandom; i--)
        {
            var other = runner.Draw(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }
        var old = stackalloc ulong[Lanes.Count * operands.Length];
        for (var i = 0; i < count; i++)
        {
            var lane = order[i];
            var target = addresses[lane];
            var space = _address.Space != StateSpace.Generic ? _address.Space
                : Windows.IsShared(target) ? StateSpace.Shared
                : Windows.IsLocal(target) ? StateSpace.Local
                : StateSpace.Global;
            var bytes = size * operands.Length;
            byte* place;
            switch (space)
            {
                case StateSpace.Local:
                    throw new StepFault(FaultKind.IllegalAddress, "atomic on local memory", lane);
                case StateSpace.Shared:
                    target -= _address.Space == StateSpace.Generic ? Windows.Shared : 0;
                    place = runner.ResolveShared(_address.Site, target, bytes, bytes, lane, "atomic");
                    runner.NoteSharedAtomic(warp, lane, (uint)target - SharedLayout.Base, bytes, _address.Line);
                    runner.Statistics.SharedAtomics += operands.Length;
                    break;
                default:
                    place = runner.ResolveGlobal(_address.Site, target, bytes, bytes, lane, "global atomic", out var allocation);
                    if (isExchange && destinations.Length == 0)
                        allocation.MarkWritten((long)(target - allocation.Start), bytes);
                    else
                        BlockRunner.CheckWritten(allocation, target, bytes, lane, "global atomic");
                    Count(runner, allocation, target, bytes);
                    break;
            }
            for (var part = 0; part < operands.Length; part++)
            {
                var operand = LaneBits.Read(warp.Registers + operands[part], lane, registerSize);
                var other = second < 0 ? 0 : LaneBits.Read(warp.Registers + second, lane, registerSize);
                old[part * Lanes.Count + lane] = Exchange(space == StateSpace.Shared ? operation : onGlobal, place + part * size, operand, other);
            }
        }
        for (var part = 0; part < destinations.Length; part++)
        {
            if (destinations[part] < 0)
                continue;
            for (var rest = warp.Active; rest != 0;)
            {
                var lane = Lanes.Next(ref rest);
                LaneBits.Write(warp.Registers + destinations[part], lane, registerSize, old[part * Lanes.Count + lane]);
            }
        }
    }

    private void Count(BlockRunner runner, Allocation allocation, ulong target, int bytes)
    {
        runner.Statistics.GlobalAtomics += operands.Length;
        runner.Counters?.Mark(allocation, target, bytes, isStore: false);
        runner.Counters?.Mark(allocation, target, bytes, isStore: true);
    }

    /// <summary>Blocks run on several threads of the host.</summary>
    private ulong Exchange(AtomicOperation function, byte* place, ulong operand, ulong other)
    {
        while (true)
        {
            switch (size)
            {
                case 8:
                    var old64 = Volatile.Read(ref *(ulong*)place);
                    if (Interlocked.CompareExchange(ref *(ulong*)place, function(old64, operand, other), old64) == old64)
                        return old64;
                    break;
                case 4:
                    var old32 = Volatile.Read(ref *(uint*)place);
                    if (Interlocked.CompareExchange(ref *(uint*)place, (uint)function(old32, operand, other), old32) == old32)
                        return old32;
                    break;
                default:
                    var old16 = Volatile.Read(ref *(ushort*)place);
                    if (Interlocked.CompareExchange(ref *(ushort*)place, (ushort)function(old16, operand, other), old16) == old16)
                        return old16;
                    break;
            }
        }
    }
}
