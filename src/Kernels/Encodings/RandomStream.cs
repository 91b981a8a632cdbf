namespace GpuOptim.Kernels.Encodings;

/// <summary>
/// Sixteen random bits for each element of a tensor in a step, by what they are for and nothing else: the same on every device, for every way of cutting
/// tensors and work, and after a run was resumed.
/// </summary>
/// <remarks>
/// Element e takes the half word e % 8, lower halves first, of <see cref="Philox"/> for the counter (e / 8, upper half of e / 8, step, use) and the key.
/// </remarks>
/// <param name="key">Of the run and the tensor.</param>
/// <param name="start">The index in the whole tensor of the first element.</param>
/// <param name="step">Which update of the tensor this is; what is above 32 bits is dropped.</param>
/// <param name="use">What the bits are for: 0 for the parameter, 1 to 3 for its states.</param>
internal struct RandomStream(ulong key, long start, uint step, uint use)
{
    public ulong Key = key;
    public long Start = start;
    public uint Step = step;
    public uint Use = use;
}
