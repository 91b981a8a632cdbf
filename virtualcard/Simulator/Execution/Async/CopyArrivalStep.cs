using VirtualCard.Execution.Steps;

namespace VirtualCard.Execution.Async;

/// <summary>cp.async.mbarrier.arrive</summary>
/// <param name="isCounted">.noinc: the mbarrier expects the arrival already.</param>
internal sealed unsafe class CopyArrivalStep(AddressOperand address, bool isCounted) : Step
{
    private readonly AddressOperand _address = address;

    public override void Run(Warp warp)
    {
        var addresses = Addresses.Of(warp, _address);
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            warp.Runner.Async!.Barriers.ArriveBehindCopies(warp, lane, SharedPlaces.Barrier(warp, _address, addresses, lane), isCounted);
        }
    }
}
