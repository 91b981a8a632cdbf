namespace GpuOptim.Kernels.Rules;

/// <summary>
/// A yes or no in a rule, four bytes long: a rule travels to devices as it lies in memory, and a <see cref="bool"/> is one byte here and four
/// on a GPU. Converts from and to <see cref="bool"/>.
/// </summary>
public readonly record struct Flag
{
    private readonly int _value;

    private Flag(bool value) => _value = value ? 1 : 0;

    /// <summary>A flag that says the same.</summary>
    public static implicit operator Flag(bool value) => new(value);

    /// <summary>What the flag says.</summary>
    public static implicit operator bool(Flag flag) => flag._value != 0;
}
