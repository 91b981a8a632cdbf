namespace VirtualCard.Execution.Async;

/// <summary>An asynchronous access to shared memory that is in flight.</summary>
/// <param name="what">The instruction, for reports.</param>
/// <param name="granules">The 16-byte pieces it uses, as offsets from the start of shared memory.</param>
internal sealed class Hold(string what, int line, uint[] granules)
{
    public string What => what;

    public int Line => line;

    public uint[] Granules => granules;
}
