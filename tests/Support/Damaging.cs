namespace GpuOptim.Tests.Support;

/// <summary>Damages files.</summary>
internal static class Damaging
{
    /// <summary>A copy with one to four bytes changed, or stretches moved, doubled, cut out or overwritten.</summary>
    public static byte[] Change(byte[] bytes, Random random)
    {
        List<byte> damaged = [.. bytes];
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            var start = random.Next(damaged.Count);
            var part = damaged.GetRange(start, 1 + random.Next(Math.Min(64, damaged.Count - start)));
            switch (random.Next(4))
            {
                case 0 when part.Count < damaged.Count: damaged.RemoveRange(start, part.Count); break;
                case 1: damaged.InsertRange(random.Next(damaged.Count), part); break;
                case 2: damaged[start] ^= (byte)random.Next(1, 256); break;
                default:
                    for (var i = 0; i < part.Count; i++)
                        damaged[start + i] = (byte)random.Next(256);
                    break;
            }
        }
        return [.. damaged];
    }
}
