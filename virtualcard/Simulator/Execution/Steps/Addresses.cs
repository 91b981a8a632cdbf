using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>Computes addresses.</summary>
internal static unsafe class Addresses
{
    /// <summary>The address of each lane; for the inactive, anything.</summary>
    public static ulong* Of(Warp warp, in AddressOperand operand)
    {
        var register = warp.Registers + operand.Register;
        if (operand.Size == 8)
        {
            if (operand.Offset == 0)
                return (ulong*)register;
            var offset = Vector256.Create((ulong)operand.Offset);
            for (var i = 0; i < Lanes.Count; i += 4)
                (Vector256.Load((ulong*)register + i) + offset).Store(warp.Addresses + i);
        }
        else
        {
            for (var i = 0; i < Lanes.Count; i++)
                warp.Addresses[i] = (ulong)(((uint*)register)[i] + operand.Offset);
        }
        return warp.Addresses;
    }

    public static AddressPattern PatternOf(Warp warp, ulong* addresses, int size)
    {
        if (warp.Active != Lanes.All)
            return AddressPattern.Scattered;
        var step = addresses[1] - addresses[0];
        if (step != 0 && step != (uint)size)
            return AddressPattern.Scattered;
        var expected = Vector256.Create(addresses[0]) + Vector256.Create(0, step, 2 * step, 3 * step);
        var advance = Vector256.Create(4 * step);
        var difference = Vector256<ulong>.Zero;
        for (var i = 0; i < Lanes.Count; i += 4)
        {
            difference |= Vector256.Load(addresses + i) ^ expected;
            expected += advance;
        }
        return difference != Vector256<ulong>.Zero ? AddressPattern.Scattered : step == 0 ? AddressPattern.Uniform : AddressPattern.Contiguous;
    }
}
