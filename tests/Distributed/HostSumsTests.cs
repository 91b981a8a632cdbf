using GpuOptim.Distributed;

namespace GpuOptim.Tests.Distributed;

/// <summary>Sums of several ranks' numbers, held to one number at a time.</summary>
public sealed unsafe class HostSumsTests
{
    private static readonly float[] _special = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, -0f, 65504, -65504, 3e38f, 1e-40f, 6e-8f];

    [Test]
    public void SixteenBitsAreRoundedOnce([Values(1, 2, 3, 5)] int parts, [Values(0, 1, 7, 8, 100)] int count)
    {
        Verify(WireType.Float16, parts, count, value => BitConverter.GetBytes((Half)value), (bytes, at) => (float)BitConverter.ToHalf(bytes, at));
        Verify(WireType.BFloat16, parts, count, value => BitConverter.GetBytes(((BFloat16)value).Bits), (bytes, at) => new BFloat16(BitConverter.ToUInt16(bytes, at)));
        Verify(WireType.Float32, parts, count, BitConverter.GetBytes, BitConverter.ToSingle);
    }

    [Test]
    public void DoublesAreAddedInOrder([Values(1, 2, 3)] int parts, [Values(0, 1, 4, 9)] int count)
    {
        var random = new Random(5);
        var numbers = Enumerable.Range(0, parts).Select(_ => Enumerable.Range(0, count).Select(_ => random.NextDouble()).ToArray()).ToArray();
        var sum = Add(WireType.Float64, [.. numbers.Select(part => part.SelectMany(BitConverter.GetBytes).ToArray())], count);
        for (var i = 0; i < count; i++)
            Assert.That(BitConverter.ToDouble(sum, i * sizeof(double)), Is.EqualTo(numbers.Aggregate(0.0, (total, part) => total + part[i])));
    }

    [Test]
    public void BytesCannotBeAdded() => Assert.That(() => HostSums.Add([0], 0, 0, WireType.Byte), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static void Verify(WireType type, int parts, int count, Func<float, byte[]> encode, Func<byte[], int, float> decode)
    {
        var random = new Random(count);
        var encoded = Enumerable.Range(0, parts)
            .Select(part => Enumerable.Range(0, count).SelectMany(i => encode(i % 5 == part ? _special[random.Next(_special.Length)] : (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-20, 17)))).ToArray())
            .ToArray();
        var sum = Add(type, encoded, count);
        var size = count == 0 ? 1 : sum.Length / count;
        for (var i = 0; i < count; i++)
        {
            var expected = decode(encoded[0], i * size);
            foreach (var part in encoded.Skip(1))
                expected += decode(part, i * size);
            var actual = decode(sum, i * size);
            Assert.That(actual, Is.EqualTo(decode(encode(expected), 0)), $"{type}, element {i} of {count}, {parts} parts");
            Assert.That(float.IsNaN(expected) || float.IsNegative(actual) == float.IsNegative(expected));
        }
    }

    /// <summary>In place of the first part, as ranks do.</summary>
    private static byte[] Add(WireType type, byte[][] parts, int count)
    {
        parts = [.. parts.Select(part => part.ToArray())];
        var addresses = new nint[parts.Length];
        var pins = parts.Select(part => System.Runtime.InteropServices.GCHandle.Alloc(part, System.Runtime.InteropServices.GCHandleType.Pinned)).ToArray();
        for (var i = 0; i < parts.Length; i++)
            addresses[i] = pins[i].AddrOfPinnedObject();
        var sum = new byte[parts[0].Length];
        fixed (byte* destination = sum)
            HostSums.Add(addresses, (nint)destination, count, type);
        HostSums.Add(addresses, addresses[0], count, type);
        Array.ForEach(pins, pin => pin.Free());
        Assert.That(parts[0], Is.EqualTo(sum));
        return sum;
    }
}
