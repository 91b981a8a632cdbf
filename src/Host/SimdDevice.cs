using System.Runtime.Intrinsics;
using GpuOptim.Host.Simd;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix;
using GpuOptim.Kernels.Simd.Matrix.Dot;

namespace GpuOptim.Host;

/// <summary>
/// The CPU: managed SIMD on all cores. Always there, and needs nothing installed. What the host wrote is seen by the next call, and
/// every call has finished when it returns.
/// </summary>
public sealed unsafe class SimdDevice : Device
{
    internal const string DeviceName = "simd";

    private readonly Workers _workers;

    /// <summary>Opens the CPU.</summary>
    /// <param name="threads">How many threads work on an update; by default one a core.</param>
    /// <param name="vectorBits">The vector width, one of <see cref="VectorWidths"/>; by default the widest. Results are the same with each.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such number of threads, or this machine has no such vectors.</exception>
    public SimdDevice(int? threads = null, int? vectorBits = null)
    {
        if (threads < 1)
            throw new ArgumentOutOfRangeException(nameof(threads), threads, "threads must be at least 1.");
        if (vectorBits is { } bits && !VectorWidths.Contains(bits))
            throw new ArgumentOutOfRangeException(nameof(vectorBits), vectorBits, $"vectorBits must be one of {string.Join(", ", VectorWidths)} on this machine.");
        _workers = new Workers(threads ?? Environment.ProcessorCount);
        VectorBits = vectorBits ?? VectorWidths[0];
    }

    /// <summary>The vector widths that this machine's hardware has, in bits, widest first; 32, one float at a time, is always among them.</summary>
    public static IReadOnlyList<int> VectorWidths { get; } =
    [
        .. Vector512.IsHardwareAccelerated ? [512] : Array.Empty<int>(),
        .. Vector256.IsHardwareAccelerated ? [256] : Array.Empty<int>(),
        .. Vector128.IsHardwareAccelerated ? [128] : Array.Empty<int>(),
        32,
    ];

    /// <summary>Width of the vectors in use, in bits.</summary>
    public int VectorBits { get; }

    /// <summary>How many threads work on an update.</summary>
    public int Threads => _workers.Count;

    /// <inheritdoc/>
    public override string Name => DeviceName;

    /// <remarks>The dot instruction takes two numbers of each matrix at once.</remarks>
    internal override double SpeedOf(ElementType type) => type == ElementType.BFloat16 && VectorBits == 512 && HardwareDot.IsChosen ? 2 : 1;

    /// <inheritdoc/>
    public override string Description => Describe(VectorBits, Threads);

    /// <inheritdoc/>
    public override bool IsHostAccessible => true;

    internal Workers Workers => _workers;

    internal static string Describe(int vectorBits, int threads) =>
        $"CPU, {vectorBits}-bit vectors, {threads} {(threads == 1 ? "thread" : "threads")}";

    /// <summary>A buffer over memory of the engine's: an array, or a part of one. It stays where it is while the buffer lives.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
    /// <param name="memory">The memory; arrays convert to it.</param>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public DeviceBuffer<T> Wrap<T>(Memory<T> memory) where T : unmanaged => Register(() =>
    {
        var pin = new PinnedMemory(memory.Pin());
        return new DeviceBuffer<T>(this, pin.Address, memory.Length, pin);
    });

    /// <inheritdoc cref="Wrap{T}(Memory{T})"/>
    /// <param name="array">The memory.</param>
    public DeviceBuffer<T> Wrap<T>(T[] array) where T : unmanaged => Wrap(array.AsMemory());

    /// <summary>A buffer over native memory of the engine's, which must stay valid while the buffer is used.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
    /// <param name="pointer">Where it begins; aligned to an element.</param>
    /// <param name="length">How many elements there are.</param>
    /// <exception cref="ArgumentException">The pointer is null or not aligned to an element, or the length negative.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public DeviceBuffer<T> Wrap<T>(T* pointer, long length) where T : unmanaged
    {
        var address = (nint)pointer;
        ThrowIfForeign(address, length, ElementTypes.Of<T>());
        return Register(() => new DeviceBuffer<T>(this, address, length, memory: null));
    }

    internal override UpdateBatch CreateUpdateBatch(UpdateTypes types, ReadOnlySpan<UpdateSegment> segments)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new SimdUpdateBatch(types, segments);
    }

    /// <inheritdoc/>
    public override void Update<TRule>(ReadOnlySpan<TRule> rules, UpdateBatch batch)
    {
        var table = Checked(batch);
        var kernels = table.Kernels(rules.Length);
        for (var i = 0; i < rules.Length; i++)
            kernels[i] = (nint)UpdateKernels.Select(rules[i], VectorBits, batch.Types);
        fixed (TRule* first = rules)
            Run(table, (byte*)first, sizeof(TRule), stepOffset: 0);
    }

    internal override void UpdateEncoded<TRule>(ReadOnlySpan<NumberedRule<TRule>> rules, UpdateBatch batch)
    {
        var table = Checked(batch);
        var kernels = table.Kernels(rules.Length);
        for (var i = 0; i < rules.Length; i++)
            kernels[i] = (nint)UpdateKernels.Select(rules[i].Rule, VectorBits, batch.Types.Decoded);
        fixed (NumberedRule<TRule>* first = rules)
            Run(table, (byte*)first, sizeof(NumberedRule<TRule>), NumberedRule<TRule>.StepOffset);
    }

    internal override MatrixUpdateBatch CreateMatrixUpdateBatch(
        UpdateTypes types, NewtonSchulzOptions orthogonalization, int rows, int columns, ReadOnlySpan<UpdateSegment> segments, bool writesDirections = false, nint deviations = 0)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new SimdMatrixUpdateBatch(types, orthogonalization, MethodOf(orthogonalization, rows, columns), rows, columns, segments, writesDirections, deviations, _workers, VectorBits);
    }

    internal override void UpdateMatrices<TMomentum, TUpdate>(
        ReadOnlySpan<TMomentum> momentumRules,
        ReadOnlySpan<NeuronRule> neuronRules,
        ReadOnlySpan<TUpdate> updateRules,
        ReadOnlySpan<uint> steps,
        NewtonSchulzSteps plan,
        ReadOnlySpan<MatrixUpdateBatch> batches)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        Telemetry.Launch(DeviceName);
        MatrixUpdateJob<TMomentum, TUpdate>.Run(_workers, batches, momentumRules, neuronRules, updateRules, steps, plan, VectorBits);
    }

    internal override void UpdateAlong<TRule>(ReadOnlySpan<TRule> rules, UpdateBatch parameters, UpdateBatch updates)
    {
        var chunks = updates.NormStarts[^1];
        var tensorRules = Checked(updates).Room<TRule>();
        var sums = Scratch.Sums(2L * chunks);
        new NormJob<TwoNorm>(new(in parameters), sums).Run(_workers, chunks);
        new NormJob<TwoNorm>(new(in updates), sums + chunks).Run(_workers, chunks);
        for (var i = 0; i < updates.Count; i++)
        {
            if (updates.Gradients[i] == 0)
                continue;
            var (start, count) = (updates.NormStarts[i], updates.NormStarts[i + 1] - updates.NormStarts[i]);
            double Squares(double* from) => ChunkedNorm<TwoNorm>.Fold(new(from + start, count));
            tensorRules[i] = rules[parameters.Rules[i]].For(Squares(sums), Squares(sums + chunks), updates.Lengths[i]);
        }
        Update<TRule>(tensorRules, updates);
    }

    internal override void MakeFactoredDirections(ReadOnlySpan<AdafactorRule> rules, FactoredShape shape, UpdateBatch batch)
    {
        var table = Checked(batch);
        var tensors = table.Room<FactoredMoments.Tensor>();
        var count = 0;
        for (var i = 0; i < table.PieceCount; i++)
        {
            // Each tensor has a piece at its start.
            ref readonly var piece = ref table.Pieces[i];
            if (piece.Start == 0 && batch.Gradients[piece.Tensor] is var gradient and not 0)
                tensors[count++] = new(gradient, piece.State0, piece.State1, piece.Parameter, rules[batch.Rules[piece.Tensor]]);
        }
        FactoredMoments.Update(_workers, VectorBits, batch.GradientType, shape, tensors.AsSpan(0, count));
    }

    private SimdUpdateBatch Checked(UpdateBatch batch)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return batch as SimdUpdateBatch
            ?? throw new ArgumentException($"batch must have been made by device '{Name}'. Actual type was {batch?.GetType().Name ?? "null"}.", nameof(batch));
    }

    /// <summary>Runs the loops that were chosen for the rules.</summary>
    private void Run(SimdUpdateBatch table, byte* rules, int ruleSize, int stepOffset)
    {
        Telemetry.Launch(DeviceName);
        fixed (nint* gradients = table.Gradients)
        {
            var averageKernel = table.HasAverages ? UpdateKernels.Select(table.Average, VectorBits, table.AverageTypes) : null;
            var job = new SimdUpdateJob(table, gradients, rules, ruleSize, table.Kernels(0), averageKernel, stepOffset, VectorBits);
            _workers.Run(ref job, table.Chunks, isShort: table.Chunks < SimdUpdateBatch.ChunksWorthWaking);
        }
    }

    internal override GradientNorm CreateGradientNorm() => new SimdGradientNorm(_workers);

    /// <inheritdoc/>
    public override void Synchronize() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    private protected override (nint Address, IDisposable? Memory) Allocate(long bytes)
    {
        var memory = new NativeBlock(bytes);
        Clear(memory.Address, bytes);
        return (memory.Address, memory);
    }

    private protected override (nint Address, IDisposable Memory) AllocateHost(long bytes)
    {
        var memory = new NativeBlock(bytes);
        return (memory.Address, memory);
    }

    private protected override void Close()
    {
    }

    internal override void ThrowIfForeign(nint pointer, long length, ElementType elementType)
    {
        if (length < 0)
            throw new ArgumentOutOfRangeException(nameof(length), length, "length must be at least 0.");
        if (pointer == 0 && length > 0)
            throw new ArgumentNullException(nameof(pointer));
        if (pointer % elementType.Size() != 0)
            throw new ArgumentException($"pointer must be a multiple of {elementType.Size()}, the size of an element. Actual value was 0x{pointer:x}.", nameof(pointer));
    }

    internal override void Clear(nint address, long bytes)
    {
        var job = new ClearJob(address, bytes);
        _workers.Run(ref job, job.Chunks);
    }

    internal override void CopyToHost(nint source, Span<byte> destination)
    {
        fixed (byte* to = destination)
            Copy((void*)source, to, destination.Length);
    }

    internal override void CopyFromHost(ReadOnlySpan<byte> source, nint destination)
    {
        fixed (byte* from = source)
            Copy(from, (void*)destination, source.Length);
    }

    internal override void Copy(nint source, nint destination, long bytes) => Copy((void*)source, (void*)destination, bytes);

    private void Copy(void* source, void* destination, long bytes)
    {
        // Of what overlaps, no part may be written before another is read: one thread knows the order.
        if ((byte*)source < (byte*)destination + bytes && (byte*)destination < (byte*)source + bytes)
        {
            Buffer.MemoryCopy(source, destination, bytes, bytes);
            return;
        }
        var job = new CopyJob(source, destination, bytes);
        _workers.Run(ref job, job.Chunks);
    }
}
