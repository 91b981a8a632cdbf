using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>Shifts by a number of the text, smaller than the width.</summary>
internal sealed unsafe class ShiftStep<T>(int d, int a, int amount, ShiftKind kind) : Step
    where T : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var mask = warp.IsFull ? null : warp.Mask<T>();
        for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
        {
            var value = Shift(Lanes.Load<T>(r + a, i));
            if (mask == null)
                Lanes.Store(r + d, i, value);
            else
                Lanes.Blend(r + d, i, mask, value);
        }
    }

    private Vector256<T> Shift(Vector256<T> value) => sizeof(T) switch
    {
        2 => kind switch
        {
            ShiftKind.Left => (value.AsUInt16() << amount).As<ushort, T>(),
            ShiftKind.Right => (value.AsUInt16() >>> amount).As<ushort, T>(),
            _ => (value.AsInt16() >> amount).As<short, T>(),
        },
        4 => kind switch
        {
            ShiftKind.Left => (value.AsUInt32() << amount).As<uint, T>(),
            ShiftKind.Right => (value.AsUInt32() >>> amount).As<uint, T>(),
            _ => (value.AsInt32() >> amount).As<int, T>(),
        },
        _ => kind switch
        {
            ShiftKind.Left => (value.AsUInt64() << amount).As<ulong, T>(),
            ShiftKind.Right => (value.AsUInt64() >>> amount).As<ulong, T>(),
            _ => (value.AsInt64() >> amount).As<long, T>(),
        },
    };
}
