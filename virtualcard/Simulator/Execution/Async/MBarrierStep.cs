using VirtualCard.Execution.Steps;

namespace VirtualCard.Execution.Async;

/// <summary>mbarrier.init, .inval, .arrive, .arrive_drop, .expect_tx and .complete_tx, thread by thread.</summary>
/// <param name="amount">Where arrivals or bytes are counted; -1: one.</param>
/// <param name="state">Where the phase goes, 64 bits; -1: nowhere.</param>
internal sealed unsafe class MBarrierStep(MBarrierOperation operation, AddressOperand address, int amount, int state) : Step
{
    private readonly AddressOperand _address = address;

    public override void Run(Warp warp)
    {
        var barriers = warp.Runner.Async!.Barriers;
        var addresses = Addresses.Of(warp, _address);
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var offset = SharedPlaces.Barrier(warp, _address, addresses, lane);
            long count = amount < 0 ? 1 : ((uint*)(warp.Registers + amount))[lane];
            long phase = 0;
            switch (operation)
            {
                case MBarrierOperation.Initialize:
                    barriers.Initialize(warp, lane, offset, count);
                    break;
                case MBarrierOperation.Invalidate:
                    barriers.Invalidate(warp, lane, offset);
                    break;
                case MBarrierOperation.Arrive or MBarrierOperation.ArriveDrop:
                    phase = barriers.Arrive(warp, lane, offset, count, operation == MBarrierOperation.ArriveDrop);
                    break;
                case MBarrierOperation.ArriveExpect or MBarrierOperation.ArriveDropExpect:
                    barriers.AddBytes(warp, lane, offset, count);
                    phase = barriers.Arrive(warp, lane, offset, 1, operation == MBarrierOperation.ArriveDropExpect);
                    break;
                case MBarrierOperation.Expect:
                    barriers.AddBytes(warp, lane, offset, count);
                    break;
                default:
                    barriers.AddBytes(warp, lane, offset, -count);
                    break;
            }
            if (state >= 0)
                ((long*)(warp.Registers + state))[lane] = phase;
        }
    }
}
