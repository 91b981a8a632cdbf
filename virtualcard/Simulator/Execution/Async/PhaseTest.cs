using System.Numerics;
using VirtualCard.Execution.Steps;

namespace VirtualCard.Execution.Async;

/// <summary>mbarrier.test_wait and .try_wait</summary>
/// <param name="awaited">Where the phase lies that is to be complete: its state, 64 bits, or its parity, 32 bits.</param>
internal sealed unsafe class PhaseTest(int result, AddressOperand address, int awaited, bool isParity) : PollStep(result)
{
    private readonly AddressOperand _address = address;

    public override uint Test(Warp warp, uint threads, bool lands)
    {
        var barriers = warp.Runner.Async!.Barriers;
        var addresses = Addresses.Of(warp, _address);
        var offsets = stackalloc uint[Lanes.Count];
        for (var rest = threads; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            offsets[lane] = SharedPlaces.Barrier(warp, _address, addresses, lane);
        }
        uint ready = 0;
        for (var rest = threads; rest != 0;)
        {
            var first = BitOperations.TrailingZeroCount(rest);
            uint same = 0;
            for (var left = rest; left != 0;)
            {
                var lane = Lanes.Next(ref left);
                same |= offsets[lane] == offsets[first] ? 1u << lane : 0;
            }
            rest &= ~same;
            var phase = barriers.Phase(warp, first, offsets[first], lands);
            while (same != 0)
            {
                var lane = Lanes.Next(ref same);
                ready |= IsComplete(warp, lane, phase) ? 1u << lane : 0;
            }
        }
        return ready;
    }

    public override string Describe(Warp warp, uint threads)
    {
        var lane = BitOperations.TrailingZeroCount(threads);
        return warp.Runner.Async!.Barriers.Describe(SharedPlaces.Barrier(warp, _address, Addresses.Of(warp, _address), lane));
    }

    private bool IsComplete(Warp warp, int lane, long phase)
    {
        var register = warp.Registers + awaited;
        if (!isParity)
            return ((long*)register)[lane] != phase;
        var parity = ((uint*)register)[lane];
        return parity <= 1 ? parity != (uint)(phase & 1) : throw new StepFault(FaultKind.Undefined, "phase parity must be 0 or 1", lane);
    }
}
