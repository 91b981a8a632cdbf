using System.Globalization;

namespace VirtualCard.Ptx;

/// <summary>Fuses a product with the only sum that uses it, where neither names a rounding, as ptxas does unless told otherwise (-fmad).</summary>
internal static class Contraction
{
    /// <summary>Replaces such pairs inside of blocks, and says how many there were.</summary>
    public static int Contract(BasicBlock[] blocks)
    {
        var liveness = new Liveness(blocks);
        return blocks.Sum(block => Contract(block, liveness));
    }

    private static int Contract(BasicBlock block, Liveness liveness)
    {
        var code = block.Instructions;
        if (!code.Exists(IsProduct))
            return 0;
        var uses = code.ConvertAll(Use.Of);
        var last = block.Branch is { } branch ? Use.Of(branch) : null;
        var fused = 0;
        for (var i = 0; i < code.Count; i++)
        {
            var product = code[i];
            if (!IsProduct(product) || FindUser(i, uses, last, (Register)product.Operands[0], liveness.IsLiveBehind(block, (Register)product.Operands[0])) is not { } place
                || place >= code.Count || !IsSumOf(code[place], product))
            {
                continue;
            }
            code[place] = Fuse(product, code[place]);
            uses[place] = Use.Of(code[place]);
            code.RemoveAt(i);
            uses.RemoveAt(i);
            i--;
            fused++;
        }
        return fused;
    }

    private static bool IsProduct(Instruction instruction) => instruction is { Name: "mul", Guard: null, Modifiers: ["f32"] or ["ftz", "f32"] or ["f64"] }
        && instruction.Operands is [Register, _, _];

    private static bool IsSumOf(Instruction instruction, Instruction product) =>
        instruction is { Name: "add" or "sub", Guard: null } && instruction.Modifiers.AsSpan().SequenceEqual(product.Modifiers);

    /// <summary>Where the only use of a product stands, if its factors still have their values there.</summary>
    private static int? FindUser(int place, List<Use> uses, Use? last, Register target, bool isLive)
    {
        var sources = uses[place].Read;
        int? user = null;
        var count = 0;
        var isClobbered = false;
        for (var i = place + 1; i < uses.Count + (last is null ? 0 : 1); i++)
        {
            var use = i < uses.Count ? uses[i] : last!;
            var times = 0;
            foreach (var register in use.Read)
                times += register == target ? 1 : 0;
            count += times;
            if (count > 1)
                return null;
            if (times == 1 && !isClobbered)
                user = i;
            if (!use.HasGuard && use.Written.Contains(target))
            {
                isLive = false;
                break;
            }
            foreach (var register in use.Written)
                isClobbered |= user is null && sources.Contains(register);
        }
        return isLive ? null : user;
    }

    private static Instruction Fuse(Instruction product, Instruction sum)
    {
        var target = product.Operands[0];
        var isFirst = sum.Operands[1] == target;
        var isDifference = sum.Name == "sub";
        return new("fma", ["rn", .. product.Modifiers],
            [sum.Operands[0], product.Operands[1], product.Operands[2], sum.Operands[isFirst ? 2 : 1]], null, false, sum.Line,
            string.Create(CultureInfo.InvariantCulture, $"{sum.Text}   // contracted with line {product.Line}"))
        {
            Negation = (isDifference && !isFirst, isDifference && isFirst),
        };
    }

    private sealed record Use(Register[] Written, Register[] Read, bool HasGuard)
    {
        public static Use Of(Instruction instruction)
        {
            List<Register> written = [], read = [];
            RegisterUse.Collect(instruction, written, read);
            return new([.. written], [.. read], instruction.Guard is not null);
        }
    }
}
