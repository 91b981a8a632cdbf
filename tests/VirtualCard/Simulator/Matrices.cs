namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Matrices of bfloat16, and their products in double.</summary>
internal static class Matrices
{
    public static ushort[] Draw(RandomNumbers random, int count) => [.. random.Normals(count).Select(number => FloatFormat.BFloat16.Bits(number))];

    public static double[] Product(ushort[] left, ushort[] right, int rows, int columns, int depth)
    {
        double[] a = [.. left.Select(FloatFormat.BFloat16.Value)], b = [.. right.Select(FloatFormat.BFloat16.Value)], product = new double[rows * columns];
        for (var row = 0; row < rows; row++)
        {
            for (var k = 0; k < depth; k++)
            {
                for (var column = 0; column < columns; column++)
                    product[row * columns + column] += a[row * depth + k] * b[k * columns + column];
            }
        }
        return product;
    }
}
