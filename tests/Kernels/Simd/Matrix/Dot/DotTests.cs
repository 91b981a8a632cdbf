using GpuOptim.Kernels.Simd.Matrix.Dot;
using GpuOptim.Tests.Support;
using Iced.Intel;

namespace GpuOptim.Tests.Kernels.Simd.Matrix.Dot;

/// <summary>The bfloat16 dot instruction: what it computes, when it is trusted, and the machine code around it.</summary>
[NonParallelizable]
public sealed unsafe class DotTests
{
    /// <summary>Tests of the instruction itself are skipped where the processor lacks it; where it has it, it must be in use.</summary>
    internal static void NeedTheInstruction<TLoop>() where TLoop : IDotLoop
    {
        if (typeof(TLoop) != typeof(HardwareDot))
            return;
        if (!HardwareDot.IsPresent)
            Assert.Ignore("This processor has no VDPBF16PS.");
        Assert.That(HardwareDot.IsRight, "The processor has VDPBF16PS: memory may not be executable here, or it computes something else.");
    }

    /// <summary>Any bits at all: what the manual says, subnormals for zero, is what the processor does.</summary>
    [Test]
    public void TheManualIsRight([Values(0, 50, 100)] int lowestExponent)
    {
        NeedTheInstruction<HardwareDot>();
        var random = new Random(lowestExponent);
        const int Length = DotBlock.Rows * DotBlock.Columns;
        var memory = stackalloc float[2 * DotBlock.Columns + 3 * Length];
        float* right = memory + DotBlock.Columns, start = right + DotBlock.Columns, actual = start + Length, expected = actual + Length;
        for (var round = 0; round < 2000; round++)
        {
            foreach (ref var pair in new Span<uint>(memory, 2 * DotBlock.Columns))
                pair = Number() >> 16 | Number() & 0xFFFF_0000;
            // Sums that cancel, and such as the product vanishes beside.
            foreach (ref var sum in new Span<float>(start, Length))
                sum = random.Next(2) == 0 ? BitConverter.UInt32BitsToSingle(Number()) : -BitConverter.UInt32BitsToSingle(*(uint*)memory & 0xFFFF_0000) * BitConverter.UInt32BitsToSingle(*(uint*)right & 0xFFFF_0000);
            var block = new DotBlock { Left = memory, Right = right, Pairs = 1, Start = start, Result = actual, StrideBytes = DotBlock.Columns * sizeof(float) };
            HardwareDot.Run(&block);
            block.Result = expected;
            EmulatedDot.Run(&block);
            Bits.AreEqual(new ReadOnlySpan<float>(actual, Length), new ReadOnlySpan<float>(expected, Length), "lane");
        }

        uint Number() => (uint)random.Next(2) << 31 | (uint)random.Next(lowestExponent, lowestExponent + 64) << 23 | (uint)random.Next(1 << 23);
    }

    /// <summary>One less in the exponents, and a sum may be subnormal: 2^-56 (1 + 2^-7) times 2^-57 (1 + 2^-7), less 2^-56 times 2^-57 (1 + 2^-6).</summary>
    [Test]
    public void TheLimitIsTight()
    {
        const uint Left = (71 << 7 | 1) << 16 | 71 << 7, Right = (70 << 7 | 1) << 16 | 0x8000 | 70 << 7 | 2, Twice = 1 << 23 | 1 << 7;
        Assert.That(DotMatrixOps.LeastExponents, Is.EqualTo(71 + 70 + 1));
        Assert.That(EmulatedDot.Accumulate(0, Left, Right), Is.Zero);
        Assert.That(EmulatedDot.Accumulate(0, Left, Right + Twice), Is.EqualTo(MathF.ScaleB(1, -126)));
    }

    [Test]
    public void OnlyWhatSumsAlikeIsTrusted()
    {
        Assert.That(DotCheck.Passes<EmulatedDot>());
        Assert.That(DotCheck.Passes<EvenFirst>(), Is.False);
        Assert.That(DotCheck.Passes<RoundedOnce>(), Is.False);
    }

    /// <summary>Registers that a function may change, in the calling conventions of Windows and of all others.</summary>
    [Test]
    public void NothingIsChangedThatACallerKeeps()
    {
        var code = DotCode.Assemble();
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code));
        var factory = new InstructionInfoFactory();
        HashSet<Register> written = [];
        var dots = 0;
        while (decoder.IP < (ulong)code.Length)
        {
            decoder.Decode(out var instruction);
            Assert.That(instruction.IsInvalid, Is.False);
            dots += instruction.Mnemonic == Mnemonic.Vdpbf16ps ? 1 : 0;
            // This one clears upper halves, which nobody keeps.
            if (instruction.Mnemonic is Mnemonic.Vzeroupper or Mnemonic.Ret)
                continue;
            foreach (var used in factory.GetInfo(instruction).GetUsedRegisters())
            {
                if (used.Access is not (OpAccess.Read or OpAccess.CondRead))
                    written.Add(used.Register.GetFullRegister());
            }
        }
        Assert.That(dots, Is.EqualTo(DotBlock.Rows * DotBlock.Columns / 16));
        Register[] free = [Register.RAX, Register.RCX, Register.RDX, Register.R8, Register.R9, Register.R10, Register.R11, .. Zmm(0, 6), .. Zmm(16, 32)];
        Assert.That(written, Is.SubsetOf(free));

        static IEnumerable<Register> Zmm(int first, int end) => Enumerable.Range(first, end - first).Select(number => Register.ZMM0 + number);
    }

    [Test]
    [Platform("Linux")]
    public void CodeIsNeverWritable()
    {
        var code = (nint)ExecutableMemory.TryCopy([0xC3]);
        if (code == 0)
            Assert.Ignore("Memory may not be executable here.");
        var line = File.ReadLines("/proc/self/maps").First(line => line.StartsWith($"{code:x}-", StringComparison.Ordinal));
        Assert.That(line.Split(' ')[1], Is.EqualTo("r-xp"));
    }

    [Test]
    public void AVariableChooses()
    {
        using (new EnvironmentVariable(HardwareDot.Variable, "0"))
            Assert.That(HardwareDot.IsChosen, Is.False);
        using (new EnvironmentVariable(HardwareDot.Variable, "1"))
            Assert.That(HardwareDot.IsChosen, Is.EqualTo(HardwareDot.IsRight));
        using (new EnvironmentVariable(HardwareDot.Variable, "yes"))
            Assert.That(() => HardwareDot.IsChosen, Throws.ArgumentException.With.Message.EqualTo("GPUOPTIM_BFLOAT16_DOT must be 0 or 1. Actual value was 'yes'."));
    }

    /// <summary>An instruction that took the even numbers first.</summary>
    private readonly struct EvenFirst : IDotLoop
    {
        public static void Run(DotBlock* block) =>
            EmulatedDot.Run(block, (sum, left, right) => EmulatedDot.Accumulate(sum, uint.RotateLeft(left, 16), uint.RotateLeft(right, 16)));
    }

    /// <summary>An instruction that added both products at once.</summary>
    private readonly struct RoundedOnce : IDotLoop
    {
        public static void Run(DotBlock* block) => EmulatedDot.Run(block, (sum, left, right) =>
            (float)(sum + ((double)Number(left) * Number(right) + (double)Number(left << 16) * Number(right << 16))));

        private static float Number(uint bits) => BitConverter.UInt32BitsToSingle(bits & 0xFFFF_0000);
    }
}
