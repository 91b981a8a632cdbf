using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Tests.Kernels.Simd;

/// <summary>
/// The compiler inlines whole rules into the loop, but only as long as the loop has fewer than 512 locals. A call that is left costs several
/// times what the loop does, so none may be. The compiler itself says what it left.
/// </summary>
[NonParallelizable]
public sealed class InliningTests
{
    private static readonly UpdateTypes[] _types =
    [
        .. from sixteen in new[] { ElementType.BFloat16, ElementType.Float16 }
           from gradient in new[] { sixteen, ElementType.Float32 }
           from state in new[] { (sixteen, sixteen), (sixteen, ElementType.Float32), (ElementType.Float32, ElementType.Float32) }
           select new UpdateTypes(sixteen, gradient, state.Item1, state.Item2),
        new(ElementType.Float32, ElementType.Float32, ElementType.Float32, ElementType.Float32),
    ];

    /// <summary>Loops over vectors; the one over single floats is there to compare with.</summary>
    private static IEnumerable<int> VectorWidths => SimdDevice.VectorWidths.Where(bits => bits > 32);

    [Test]
    public void NothingIsLeftToCall([ValueSource(nameof(VectorWidths))] int vectorBits)
    {
        if (!Fma.IsSupported)
            Assert.Ignore("This processor has no fused multiply-add: there it is a call.");
        using var inlining = new Inlining();
        var compile = new Compilation(vectorBits, inlining);
        var loops = new List<Action>();
        foreach (var (decay, mode) in new[] { (0, default), (0.1, WeightDecayMode.L2), (0.1, WeightDecayMode.Decoupled), (0.1, WeightDecayMode.Cautious) })
        {
            foreach (var momentum in new[] { 0, 0.9 })
            {
                Compile(new SgdRule(0.1, momentum, 0, decay, mode, nesterov: false, maximize: false, isFirst: false));
                Compile(new RmsPropRule(0.1, 0.9, 1e-8, decay, mode, momentum, centered: momentum != 0 && decay != 0, maximize: false));
            }
            Compile(new SgdRule(0.1, 0.9, 0, decay, mode, nesterov: true, maximize: false, isFirst: false));
            Compile(new AdamRule(1, 0.1, 0.9, 0.999, 1e-8, decay, mode, amsgrad: mode == WeightDecayMode.Cautious, maximize: false));
        }
        Compile(new MuonMomentumRule(0.9, nesterov: true));
        Compile(new NorMuonMomentumRule(0.9, nesterov: true));
        Compile(new AdagradRule(1, 0.1, 0, 0, 1e-10, 0, default, maximize: false, isFirst: false));
        Compile(new AdadeltaRule(1, 0.9, 1e-6, 0, default, maximize: false));
        Compile(new AdamaxRule(1, 0.1, 0.9, 0.999, 1e-8, 0, default, maximize: false));
        Compile(new NAdamRule(1, 0.1, 0.9, 0.999, 1e-8, 4e-3, 0.5, 0, default, maximize: false));
        Compile(new RAdamRule(1, 0.1, 0.9, 0.999, 1e-8, 0, default, maximize: false));
        Compile(new RpropRule(0.1, 0.5, 1.2, 1e-6, 50, 0, default, maximize: false, isFirst: false));
        Compile(new AsgdRule(0.1, 1, 1e-4, 0, default, maximize: false));
        Compile(new LionRule(0.1, 0.9, 0.99, 0, default, maximize: false));
        Add(new MuonUpdateRule(0.1, 0.1, WeightDecayMode.Decoupled, 1));
        Add(new MuonUpdateRule(0.1, 0.1, WeightDecayMode.Cautious, 1));
        Add(new AverageRule(0.1, isFirst: false));
        Add(new AccumulateRule(0.1, isFirst: false));
        Parallel.ForEach(loops, loop => loop());
        // Events come in order: with those of the last loops all others have come.
        compile.Visit<CopyRule>();

        Assert.That(inlining.Unheard, Is.Empty, "of these the compiler said nothing");
        Assert.That(inlining.Failures, Is.Empty);

        // Loops are longest with what is done to gradients.
        void Compile<TRule>(TRule rule) where TRule : unmanaged, IUpdateRule => Add(new TransformedRule<TRule>(new(1, 1, 1), rule));

        void Add<TRule>(TRule rule) where TRule : unmanaged, IUpdateRule => loops.Add(() =>
        {
            var visitor = compile;
            RuleVariants.Visit(rule, ref visitor);
        });
    }

    /// <summary>Compiles the loops of a type of rule.</summary>
    private readonly unsafe struct Compilation(int vectorBits, Inlining inlining) : IRuleVisitor
    {
        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule
        {
            foreach (var types in _types)
            {
                Apart<TRule> rule = default;
                UpdateKernels.Select(rule, vectorBits, types)(&rule, null, 0, null, false);
                inlining.HasCompiled(typeof(TRule), types);
            }
        }
    }

    /// <summary>Listens to what the compiler says of the loops.</summary>
    private sealed class Inlining : EventListener
    {
        private const EventKeywords JitTracing = (EventKeywords)0x1000;

        private readonly ConcurrentQueue<string> _failures = new();
        private readonly ConcurrentDictionary<string, bool> _seen = new();
        private readonly ConcurrentDictionary<(Type Rule, UpdateTypes Types), bool> _compiled = new();
        private volatile int _lost;

        public IReadOnlyCollection<string> Failures => _failures;

        /// <summary>Rules of whose loops nothing was heard. On a busy machine events of a loop are lost now and then, but not those of all thirteen.</summary>
        public IEnumerable<Type> Unheard => _compiled.Keys.Select(loop => loop.Rule).Distinct().Where(rule => !_seen.Keys.Any(loop => loop.Contains($"[{rule}]", StringComparison.Ordinal)));

        /// <summary>Waits for the events of a loop, of which there is one at least. They come through a buffer, hundreds a loop, and are lost where it holds no more.</summary>
        public void HasCompiled(Type rule, UpdateTypes types)
        {
            if (_compiled.TryAdd((rule, types), true) && !SpinWait.SpinUntil(() => _seen.Count >= _compiled.Count - _lost, TimeSpan.FromMilliseconds(500)))
                _lost = _compiled.Count - _seen.Count;
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
                EnableEvents(eventSource, EventLevel.Verbose, JitTracing);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName?.StartsWith("MethodJitInliningFailed", StringComparison.Ordinal) != true || eventData.Payload is not [string type, "Run", ..] payload || !type.Contains("Apart", StringComparison.Ordinal))
                return;
            // What is marked so is left on purpose: it is no part of the loop.
            _seen.TryAdd(type, true);
            if (payload[10] is string reason && !reason.Contains("noinline", StringComparison.Ordinal))
                _failures.Enqueue($"{payload[7]} in {type}: {reason}");
        }
    }

    /// <summary>A rule whose loops no other test has compiled already.</summary>
    private readonly struct Apart<TRule> : IUpdateRule where TRule : unmanaged, IUpdateRule
    {
        private readonly TRule _rule;

        public static int StateCount
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => TRule.StateCount;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T parameter, T gradient, ref T state0, ref T state1, ref T state2) where T : struct, ILane<T> =>
            _rule.Apply(ref parameter, gradient, ref state0, ref state1, ref state2);
    }
}
