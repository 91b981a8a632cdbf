using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary><c>result = round(factor * A + scale * I)</c>, a group for each row of the matrices of a batch.</summary>
/// <typeparam name="TFormat">The matrices' element type.</typeparam>
internal static unsafe class AddIdentityKernel<TFormat> where TFormat : IFormat
{
    public static void Run(GpuIdentity matrices, float factor, float scale)
    {
        var matrix = Grid.IdxX / matrices.Order;
        var row = Grid.IdxX - matrix * matrices.Order;
        var start = matrix * matrices.Length + row * (long)matrices.Stride;
        for (var column = Group.IdxX; column < matrices.Order; column += Group.DimX)
        {
            var number = TFormat.Load<GpuFloats1>((void*)(matrices.Source + (start + column) * TFormat.Size));
            // Zero is not added elsewhere: it would take a sign from -0.
            var result = row == column
                ? GpuFloats1.FusedMultiplyAdd(number, new(factor), new(scale))
                : GpuFloats1.Multiply(new(factor), number);
            TFormat.Store(TFormat.Round(result), (void*)(matrices.Result + (start + column) * TFormat.Size));
        }
    }
}
