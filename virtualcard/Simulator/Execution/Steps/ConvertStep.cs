using VirtualCard.Ptx;

namespace VirtualCard.Execution.Steps;

/// <summary>Converts numbers lane by lane, between registers that may be wider than the types.</summary>
/// <param name="function">From the bits of the type, extended to 64, to the bits of the other.</param>
internal sealed unsafe class ConvertStep(int d, int targetSize, int a, int sourceSize, PtxType to, PtxType from, Func<ulong, ulong> function) : Step
{
    private readonly int _sourceBytes = from.Size(), _targetBytes = to.Size();

    private readonly bool _isSourceSigned = from.IsSigned(), _isTargetSigned = to.IsSigned();

    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var bits = function(LaneBits.Extend(LaneBits.Read(r + a, lane, sourceSize), _sourceBytes, _isSourceSigned));
            if (d >= 0)
                LaneBits.Write(r + d, lane, targetSize, LaneBits.Extend(bits, _targetBytes, _isTargetSigned));
        }
    }
}
