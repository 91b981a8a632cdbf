using System.Buffers.Binary;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>Changes a pickle by its opcodes.</summary>
internal static class HostilePickle
{
    /// <summary>What is put between opcodes: each of them, and tricks of several.</summary>
    private static readonly byte[][] _tricks =
    [
        .. Enumerable.Range(0, 256).Select(code => (byte[])[(byte)code]),
        [.. "h\0"u8], [.. "h\u0001"u8], [.. "cos\nsystem\n)R"u8], [.. "cbuiltins\nlist\n"u8], [.. "ctorch._utils\n_rebuild_tensor_v2\n"u8], [.. "ctorch\nDoubleStorage\n"u8], [.. "ctorch\nNoStorage\n"u8],
        [0x8b, 0xff, 0xff, 0xff, 0x7f], [0x8a, 0xff], [0x95, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [(byte)'X', 0xff, 0xff, 0xff, 0xff], [0x8e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [(byte)'J', 0xff, 0xff, 0xff, 0x7f], [(byte)'J', 0xff, 0xff, 0xff, 0xff], [0x8a, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [(byte)'r', 0xff, 0xff, 0xff, 0xff], [.. "]h\0a"u8], [.. "]q\0h\0a"u8],
    ];

    /// <summary>A copy with one hostile change.</summary>
    public static byte[] Change(byte[] pickle, Random random)
    {
        var tokens = Tokens(pickle);
        var (start, length) = tokens[random.Next(tokens.Count)];
        var (before, token, after) = (pickle[..start], pickle[start..(start + length)], pickle[(start + length)..]);
        var other = tokens[random.Next(tokens.Count)];
        switch (random.Next(7))
        {
            case 0: return [.. before, .. after];
            case 1: return [.. before, .. token, .. token, .. after];
            case 2: return [.. before, .. pickle[other.Start..(other.Start + other.Length)], .. after];
            case 3: return [.. before, .. _tricks[random.Next(_tricks.Length)], .. token, .. after];
            case 4: return [.. before, .. _tricks[random.Next(_tricks.Length)], .. after];
            case 5 when length > 1: token[random.Next(1, length)] ^= (byte)random.Next(1, 256); break;
            case 5: token[0] = (byte)random.Next(256); break;
            // A number, length or place.
            default:
                if (length is 5 or 9 || token[0] == 'X')
                    BinaryPrimitives.WriteUInt32LittleEndian(token.AsSpan(1), random.Next(4) switch { 0 => 0, 1 => uint.MaxValue, 2 => int.MaxValue, _ => (uint)random.Next(100_000) });
                else if (length == 2)
                    token[1] = (byte)random.Next(256);
                break;
        }
        return [.. before, .. token, .. after];
    }

    /// <summary>Where opcodes begin, and how long they are with what belongs to them.</summary>
    private static List<(int Start, int Length)> Tokens(ReadOnlySpan<byte> pickle)
    {
        var tokens = new List<(int, int)>();
        for (var place = 0; place < pickle.Length;)
        {
            var rest = pickle[(place + 1)..];
            var length = 1 + pickle[place] switch
            {
                0x80 or (byte)'K' or (byte)'q' or (byte)'h' => 1,
                (byte)'M' => 2,
                (byte)'J' or (byte)'r' or (byte)'j' => 4,
                (byte)'G' or 0x95 => 8,
                0x8a or 0x8c or (byte)'U' or (byte)'C' => 1 + rest[0],
                (byte)'X' or (byte)'B' => 4 + BinaryPrimitives.ReadInt32LittleEndian(rest),
                (byte)'c' => rest.IndexOf((byte)'\n') is var first ? first + 2 + rest[(first + 1)..].IndexOf((byte)'\n') : 0,
                _ => 0,
            };
            tokens.Add((place, length));
            place += length;
        }
        return tokens;
    }
}
