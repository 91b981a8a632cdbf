using System.Runtime.CompilerServices;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host;

/// <summary>
/// Owns memory and runs kernels. Everything that an optimizer touches lies on one device.
/// </summary>
public abstract partial class Device : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<DeviceBuffer> _buffers = [];
    private readonly HostBlockPool _hostBlocks;
    private long _changes;

    private protected Device() => _hostBlocks = new(this, AllocateHost);

    /// <summary>The devices that this machine has, the best first, but OpenCL, which is unverified, last.</summary>
    public static IReadOnlyList<DeviceInfo> All => DeviceCatalog.All;

    /// <summary>
    /// Opens a device: the one named; else the one that the environment variable <c>GPUOPTIM_DEVICE</c> names; else the best there is.
    /// </summary>
    /// <param name="name">
    /// A name from <see cref="All"/>, for instance <c>simd</c>; or <c>ilgpu</c>, the first CUDA card or else ILGPU's CPU accelerator. Case does not matter.
    /// <c>opencl</c> is opened only if it is named.
    /// </param>
    /// <param name="loggerFactory">Makes the logger, category <c>GpuOptim</c>, of what happens: the device chosen, kernels compiled, steps skipped.</param>
    /// <exception cref="ArgumentException">This machine has no device of that name.</exception>
    public static Device Open(string? name = null, ILoggerFactory? loggerFactory = null)
    {
        var device = DeviceCatalog.Open(name, loggerFactory);
        device.Logger ??= loggerFactory?.CreateLogger(Telemetry.MeterName);
        if (device.Logger is { } logger && logger.IsEnabled(LogLevel.Information))
            Telemetry.DeviceOpened(logger, device.Name, device.Description);
        return device;
    }

    /// <summary>What <see cref="Open"/> calls it.</summary>
    public abstract string Name { get; }

    /// <summary>What it is, for people: hardware, vector width, threads.</summary>
    public abstract string Description { get; }

    /// <summary>Whether the host can read and write the device's memory in place, through <see cref="DeviceBuffer{T}.Span"/>.</summary>
    public abstract bool IsHostAccessible { get; }

    /// <summary>Whether updates may be of encoded numbers.</summary>
    internal virtual bool SupportsEncodings => true;

    /// <summary>About how many multiply-adds of matrices of a type take the time of one of float32 matrices.</summary>
    internal virtual double SpeedOf(ElementType type) => 1;

    /// <summary>Whether rows, columns and tensors may be measured while they are updated.</summary>
    internal virtual bool SupportsMeasures => true;

    /// <summary>
    /// How many directions are made at once, about, before tensors are measured and updated by them: few enough to stay in a cache, or enough for all threads.
    /// </summary>
    internal virtual long DirectionsAtOnce => 1 << 18;

    /// <summary>Is told what happens on the device.</summary>
    internal ILogger? Logger { get; private protected set; }

    /// <summary>Whether the device was disposed of.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>
    /// Counts what may make a step another than the one before: gradients that came, went or moved, and buffers that were disposed of. While it
    /// stays, an optimizer need not look at each parameter.
    /// </summary>
    internal long Changes => Interlocked.Read(ref _changes);

    /// <summary>Prepares the table of a fused update: tensors of one element type with state of one type, updated together.</summary>
    /// <param name="elementType">The type of parameters and gradients.</param>
    /// <param name="stateType">The type of the state, and the one computed in unless the batch is told otherwise.</param>
    /// <param name="segments">The tensors.</param>
    /// <exception cref="ArgumentException">One of the types is not of floats.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public UpdateBatch CreateUpdateBatch(ElementType elementType, ElementType stateType, ReadOnlySpan<UpdateSegment> segments)
    {
        ThrowIfNotFloat(elementType);
        ThrowIfNotFloat(stateType);
        return CreateUpdateBatch(new UpdateTypes(elementType, elementType, stateType, stateType == elementType ? stateType : ElementType.Float32), segments);
    }

    /// <summary>Prepares the table of a fused update.</summary>
    internal abstract UpdateBatch CreateUpdateBatch(UpdateTypes types, ReadOnlySpan<UpdateSegment> segments);

    /// <summary>Applies update rules to all tensors of a batch, in one launch.</summary>
    /// <typeparam name="TRule">The rule: a struct that holds a step's constants.</typeparam>
    /// <param name="rules">The distinct rules of this step; <see cref="UpdateBatch.Rules"/> says which tensor follows which.</param>
    /// <param name="batch">A batch that this device made.</param>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public abstract void Update<TRule>(ReadOnlySpan<TRule> rules, UpdateBatch batch) where TRule : unmanaged, IUpdateRule;

    /// <summary>The same for tensors some of whose numbers are encoded, in one launch, too.</summary>
    internal abstract void UpdateEncoded<TRule>(ReadOnlySpan<NumberedRule<TRule>> rules, UpdateBatch batch) where TRule : unmanaged, IUpdateRule;

    /// <summary>Updates tensors along directions by rules that know the sizes of both.</summary>
    /// <param name="rules">The distinct rules of this step.</param>
    /// <param name="parameters">A batch that has the parameters in the gradients' place, 0 for those that stay as they are; its <see cref="UpdateBatch.Rules"/> says which tensor follows which.</param>
    /// <param name="updates">One that has the directions there, and a rule for each tensor, in their order: what the rules become for it.</param>
    internal abstract void UpdateAlong<TRule>(ReadOnlySpan<TRule> rules, UpdateBatch parameters, UpdateBatch updates) where TRule : unmanaged, ITensorRule<TRule>;

    /// <summary>Averages the squares of gradients' rows and columns, and makes directions of them.</summary>
    /// <param name="rules">The distinct rules of this step.</param>
    /// <param name="shape">The shape of all tensors; nothing in it is 0.</param>
    /// <param name="batch">A batch that has directions, floats, in the parameters' place, and as first and second state floats, the averages of rows and columns.</param>
    internal abstract void MakeFactoredDirections(ReadOnlySpan<AdafactorRule> rules, FactoredShape shape, UpdateBatch batch);

    /// <summary>Orthogonalizes matrices by Newton-Schulz: U Σ Vᵀ becomes about U Vᵀ, the nearest matrix with orthonormal rows or columns.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
    /// <param name="source">The matrices, row by row, one behind the other.</param>
    /// <param name="destination">The results, in the same way; may be <paramref name="source"/>.</param>
    /// <param name="rows">Rows of each; at least 1.</param>
    /// <param name="columns">Columns of each; at least 1.</param>
    /// <param name="options">How; as PyTorch's Muon if null.</param>
    /// <param name="deviations">
    /// Where the largest size of an element of X Xᵀ - I goes, X being a result, or its transpose if it is tall: a number for each matrix, for logs. On a GPU
    /// it stays there until it is read; the host does not wait. Nowhere if null.
    /// </param>
    /// <exception cref="ArgumentException">The buffers' lengths differ or are no multiple of the matrices', a buffer lies elsewhere, or the precision has no room for what the coefficients make.</exception>
    /// <exception cref="ObjectDisposedException">The device or a buffer was disposed of.</exception>
    public void Orthogonalize<T>(DeviceBuffer<T> source, DeviceBuffer<T> destination, int rows, int columns, NewtonSchulzOptions? options = null, DeviceBuffer<float>? deviations = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        var length = (long)rows * columns;
        if (source.Length % length != 0)
            throw new ArgumentException($"source must hold a whole number of {rows} x {columns} matrices. Actual length was {source.Length}.", nameof(source));
        if (destination.Length != source.Length)
            throw new ArgumentException($"destination must have {source.Length} elements, as source has. Actual length was {destination.Length}.", nameof(destination));
        if (source.Device != this || destination.Device != this)
            throw new ArgumentException($"Both buffers must lie on device '{Name}'.", source.Device != this ? nameof(source) : nameof(destination));

        if (deviations is not null && (deviations.Length != source.Length / length || deviations.Device != this))
            throw new ArgumentException($"deviations must have a number for each of {source.Length / length} matrices, on device '{Name}'. Actual length was {deviations.Length}, on '{deviations.Device.Name}'.", nameof(deviations));
        options ??= new();
        options.Validate();
        var segments = new UpdateSegment[source.Length / length];
        for (var i = 0; i < segments.Length; i++)
            segments[i] = new(destination.Address + (nint)(i * length * source.ElementType.Size()), 0, 0, 0, length);
        using var batch = CreateMatrixUpdateBatch(new(source.ElementType, source.ElementType, ElementType.Float32, ElementType.Float32), options, rows, columns, segments, deviations: deviations?.Address ?? 0);
        for (var i = 0; i < segments.Length; i++)
            batch.Gradients[i] = source.Address + (nint)(i * length * source.ElementType.Size());
        UpdateMatrices<CopyRule, CopyRule>([default], [], [default], [], options.Plan, [batch]);
    }

    /// <summary>Prepares the table of an update that orthogonalizes: matrices of one shape and element type.</summary>
    /// <param name="types">The types of the update.</param>
    /// <param name="orthogonalization">How they are orthogonalized.</param>
    /// <param name="rows">Rows of each matrix.</param>
    /// <param name="columns">Columns of each matrix.</param>
    /// <param name="segments">
    /// The matrices, row by row; the first state is what the direction's rule keeps, the second the floats that neurons are normalized by, of all matrices or none.
    /// </param>
    /// <param name="writesDirections">Whether the segments' parameters are where directions go, of their own type, to be copied there.</param>
    /// <param name="deviations">Where the deviation of each orthogonalized matrix goes, as floats; 0 for nowhere.</param>
    internal abstract MatrixUpdateBatch CreateMatrixUpdateBatch(
        UpdateTypes types, NewtonSchulzOptions orthogonalization, int rows, int columns, ReadOnlySpan<UpdateSegment> segments, bool writesDirections = false, nint deviations = 0);

    /// <summary>
    /// Updates matrices through their orthogonal factors: one rule makes a direction of the gradient and its state, Newton-Schulz
    /// orthogonalizes it, its neurons are normalized where the batch says so, another rule moves the parameter along it.
    /// </summary>
    /// <param name="momentumRules">The distinct first rules of this step.</param>
    /// <param name="neuronRules">For each, how neurons are normalized; not looked at where they are not.</param>
    /// <param name="updateRules">The second rule for each.</param>
    /// <param name="steps">The number of each rule's step, where numbers are encoded.</param>
    /// <param name="plan">The steps of Newton-Schulz.</param>
    /// <param name="batches">Batches that this device made; <see cref="UpdateBatch.Rules"/> says which matrix follows which rules.</param>
    internal abstract void UpdateMatrices<TMomentum, TUpdate>(
        ReadOnlySpan<TMomentum> momentumRules,
        ReadOnlySpan<NeuronRule> neuronRules,
        ReadOnlySpan<TUpdate> updateRules,
        ReadOnlySpan<uint> steps,
        NewtonSchulzSteps plan,
        ReadOnlySpan<MatrixUpdateBatch> batches)
        where TMomentum : unmanaged, IUpdateRule
        where TUpdate : unmanaged, IUpdateRule;

    /// <summary>Prepares steps of an optimizer.</summary>
    internal virtual DeviceStep CreateStep() => DeviceStep.AtOnce;

    /// <summary>Prepares to take norms of gradients.</summary>
    internal abstract GradientNorm CreateGradientNorm();

    /// <summary>Waits until all work given to the device is done. On a <see cref="SimdDevice"/> it always is.</summary>
    public abstract void Synchronize();

    /// <summary>Gives back the device and all memory that it handed out, once checkpoints that are written in the background are done.</summary>
    public void Dispose()
    {
        DeviceBuffer[] buffers;
        lock (_gate)
        {
            if (IsDisposed)
                return;
            IsDisposed = true;
            buffers = [.. _buffers];
            _buffers.Clear();
        }
        foreach (var buffer in buffers)
            buffer.Dispose();
        _hostBlocks.Close();
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Zeroed memory and what to dispose of to give it back.</summary>
    private protected abstract (nint Address, IDisposable? Memory) Allocate(long bytes);

    /// <summary>Memory of the host's to which the device copies fastest, of any content, and what to dispose of to give it back.</summary>
    private protected abstract (nint Address, IDisposable Memory) AllocateHost(long bytes);

    private protected abstract void Close();

    private static void ThrowIfNotFloat(ElementType type, [CallerArgumentExpression(nameof(type))] string name = "")
    {
        if (!type.IsFloat())
            throw new ArgumentException($"{name} must be Float32, BFloat16 or Float16. Actual value was {type}.", name);
    }

    /// <summary>The method that is asked for, or the faster one here.</summary>
    private protected NewtonSchulzMethod MethodOf(NewtonSchulzOptions orthogonalization, int rows, int columns) => orthogonalization.Method == NewtonSchulzMethod.Automatic
        ? NewtonSchulzCost.Faster(orthogonalization, rows, columns, SpeedOf)
        : orthogonalization.Method;

    /// <summary>Whether a GPU orthogonalizes matrices in one launch.</summary>
    internal virtual bool OrthogonalizesAtOnce(NewtonSchulzMethod method, ElementType workType, int rows, int columns) => false;

    /// <summary>Refuses a pointer at which there cannot be so many numbers of an engine's.</summary>
    internal abstract void ThrowIfForeign(nint pointer, long length, ElementType elementType);

    internal abstract void Clear(nint address, long bytes);

    internal abstract void CopyToHost(nint source, Span<byte> destination);

    internal abstract void CopyFromHost(ReadOnlySpan<byte> source, nint destination);

    /// <summary>Copies within the device's memory; the host does not wait. The two must not overlap.</summary>
    internal abstract void Copy(nint source, nint destination, long bytes);

    /// <summary>Lends memory of the host's to which the device copies fastest: page-locked, where it knows that.</summary>
    internal HostBlock Lend(long bytes) => _hostBlocks.Lend(bytes);

    /// <summary>Counts a change.</summary>
    internal void CountChange() => Interlocked.Increment(ref _changes);

    /// <summary>A buffer went before the device.</summary>
    internal void Forget(DeviceBuffer buffer)
    {
        CountChange();
        lock (_gate)
            _buffers.Remove(buffer);
    }
}
