using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Encodings;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using GpuOptim.Tests.Support;
using GpuOptim.Tests.VirtualCard.Simulator;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.Ptx;

/// <summary>What AdamW's launches with numbers in fewer bits touch of memory, in sectors of 32 bytes: the bytes of the floor.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class EncodedKernelTests
{
    private const int ChunkLength = UpdateKernel.ChunkLength, Chunks = 4, Length = Chunks * ChunkLength, SectorBytes = 32;

    private readonly SharedCompiler _compiler = new(CudaArchitecture.SM_80, CudaInstructionSet.ISA_70);

    [OneTimeTearDown]
    public void CloseCompiler() => _compiler.Dispose();

    private static IEnumerable<TestCaseData> Modes =>
    [
        Mode("bfloat16 state", 20, 4, 0, 2, hasScales: false, ((Delegate)UpdateKernel<RuleVariant<AdamRule, FactorDecay>, Float32Format, Float32Format, BFloat16Format, Float32Format>.Run), isEncoded: false),
        Mode("8-bit state", 16.0625, 4, 0, 1, hasScales: true, Encoded<Float32Format, GpuFormat<Float32Format>, GpuDynamic8<Signed, Nearest>, GpuDynamic8<Unsigned, Nearest>>()),
        Mode("bfloat16, 8-bit state, at random", 10.0625, 2, 0, 1, hasScales: true, Encoded<BFloat16Format, GpuFormat<BFloat16Format>, GpuDynamic8<Signed, Stochastic>, GpuDynamic8<Unsigned, Stochastic>>()),
        Mode("bfloat16, remainder, bfloat16 state", 18, 2, 2, 2, hasScales: false, Encoded<BFloat16Format, GpuElements<RemainderBFloat16>, GpuFormat<BFloat16Format>, GpuFormat<BFloat16Format>>()),
    ];

    [TestCaseSource(nameof(Modes))]
    public void MovesTheBytesOfTheFloor(double floor, int elementSize, int restSize, int stateSize, bool hasScales, Delegate kernel, bool isEncoded)
    {
        var ptx = _compiler.Compile(new("kernel", kernel.Method));
        using var card = new Card();
        long Memory(int bytes) => bytes == 0 ? 0 : (long)card.Allocate(new byte[bytes]).Address;
        var scales = hasScales ? 4 * Length / EncodedStretch.BlockLength : 0;
        var tensor = new EncodedTensor
        {
            Parameter = Memory(elementSize * Length),
            Rest = Memory(restSize * Length),
            State0 = Memory(stateSize * Length),
            State1 = Memory(stateSize * Length),
            Scales0 = Memory(scales),
            Scales1 = Memory(scales),
            Key = 1,
        };
        var segment = new GpuSegment { Parameter = tensor.Parameter, State0 = tensor.State0, State1 = tensor.State1, Length = Length };
        var rule = new AdamRule(1, 0.01, 0.9, 0.999, 1e-8, 0.1, WeightDecayMode.Decoupled, amsgrad: false, maximize: false);
        GpuChunk[] chunks = [.. Enumerable.Range(0, Chunks).Select(index => new GpuChunk { Index = index })];
        var counters = isEncoded
            ? card.Launch(ptx, Chunks, UpdateKernel.GroupSize, [card.Allocate(chunks), card.Allocate([segment]), card.Allocate([tensor]), card.Allocate([Memory(elementSize * Length)]), card.Allocate([0]), card.Allocate([new NumberedRule<AdamRule>(rule, 1)]), card.Allocate([default(AverageRule)])])
            : card.Launch(ptx, Chunks, UpdateKernel.GroupSize, [card.Allocate(chunks), card.Allocate([segment]), card.Allocate([Memory(elementSize * Length)]), card.Allocate([0]), card.Allocate([rule]), card.Allocate([default(AverageRule)])]);
        Expect.Clean(counters);
        Assert.That((double)SectorBytes * (counters.DistinctLoadSectors + counters.DistinctStoreSectors) / Length / floor, Is.InRange(1.0, 1.02));
    }

    private static TestCaseData Mode(string name, double floor, int elementSize, int restSize, int stateSize, bool hasScales, Delegate kernel, bool isEncoded = true) =>
        new TestCaseData(floor, elementSize, restSize, stateSize, hasScales, kernel, isEncoded).SetArgDisplayNames(name);

    private static Delegate Encoded<TElement, TParameter, TState0, TState1>()
        where TElement : IFormat
        where TParameter : IGpuEncoding
        where TState0 : IGpuEncoding
        where TState1 : IGpuEncoding =>
        EncodedUpdateKernel<RuleVariant<AdamRule, FactorDecay>, TElement, TParameter, TElement, TState0, TState1, TState1>.Run;
}
