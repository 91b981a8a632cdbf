using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Runs an instruction on many threads, each with numbers of its own.</summary>
internal static class Lanes
{
    /// <summary>opcode {d}, {s0}, {s1}, ...;</summary>
    public static string Instruction(string opcode, int sources, string rest = "") =>
        $"{opcode} {{d}}{string.Concat(Enumerable.Range(0, sources).Select(i => $", {{s{i}}}"))}{rest};";

    /// <summary>
    /// What instructions make of {s0}, {s1}, ... in {d}. Each source is an array of numbers or of predicates, a lane one of each; where
    /// <typeparamref name="T"/> is bool, {d} is a predicate. The thread of the block is in %r0.
    /// </summary>
    public static T[] Run<T>(string instructions, Array[] sources, string setup = "") where T : unmanaged
    {
        var isPredicate = typeof(T) == typeof(bool);
        var bytes = Run(instructions, isPredicate ? 4 : Unsafe.SizeOf<T>(), isPredicate, sources, setup);
        return isPredicate ? (T[])(object)MemoryMarshal.Cast<byte, uint>(bytes).ToArray().Select(value => value != 0).ToArray() : MemoryMarshal.Cast<byte, T>(bytes).ToArray();
    }

    /// <summary>The same with the result's bits, extended by zeros.</summary>
    public static ulong[] Run(string instructions, int resultBits, Array[] sources)
    {
        var size = resultBits / 8;
        var bytes = Run(instructions, size, isPredicate: false, sources, "");
        return [.. bytes.Chunk(size).Select(chunk => BitConverter.ToUInt64([.. chunk, .. new byte[8 - size]]))];
    }

    private static byte[] Run(string instructions, int resultBytes, bool isPredicate, Array[] sources, string setup)
    {
        using var card = new Card();
        var count = sources[0].Length;
        List<object> arguments = [];
        string body = "", parameters = "";
        for (var i = 0; i < sources.Length; i++)
        {
            Array source = sources[i] is bool[] predicates ? (uint[])[.. predicates.Select(predicate => predicate ? 1u : 0)] : sources[i];
            Assert.That(source, Has.Length.EqualTo(count));
            var numbers = new byte[Buffer.ByteLength(source)];
            Buffer.BlockCopy(source, 0, numbers, 0, numbers.Length);
            arguments.Add(card.Allocate(numbers));
            var size = numbers.Length / count;
            parameters += $"u64 x{i}, ";
            body += PtxProgram.Address("%d1", $"%x{i}", "%r3", size);
            var isPredicates = sources[i] is bool[];
            body += isPredicates
                ? $".reg .pred %s{i};\nld.global.u32 %r9, [%d1];\nsetp.ne.u32 %s{i}, %r9, 0;\n"
                : $".reg .b{8 * Math.Max(size, 2)} %s{i};\nld.global.b{8 * size} %s{i}, [%d1];\n";
            instructions = instructions.Replace($"{{s{i}}}", $"%s{i}", StringComparison.Ordinal);
        }
        var result = card.Poisoned<byte>(count * resultBytes);
        body += $".reg .{(isPredicate ? "pred" : $"b{8 * resultBytes}")} %out;\n{setup}\n{instructions.Replace("{d}", "%out", StringComparison.Ordinal)}\n";
        body += PtxProgram.Address("%d1", "%y", "%r3", resultBytes);
        body += isPredicate ? "selp.b32 %r9, 1, 0, %out;\nst.global.u32 [%d1], %r9;\n" : $"st.global.b{8 * resultBytes} [%d1], %out;\n";
        var block = count % 128 == 0 ? 128 : 32;
        Assert.That(count % block, Is.Zero);
        card.Launch(PtxProgram.Kernel(parameters + "u64 y", PtxProgram.Thread + body + "ret;"), count / block, block, [.. arguments, result], request => request with { CountsAccesses = false });
        return result.Read();
    }
}
