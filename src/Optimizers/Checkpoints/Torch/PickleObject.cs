namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>
/// Something in a pickle that is not known here: a class or function by its name, or what came of calling it. It is data that says what it
/// is. Nothing is called, looked up or loaded.
/// </summary>
/// <param name="name">The class or function with its module.</param>
/// <param name="arguments">What it was called with; null for the class or function itself.</param>
internal sealed class PickleObject(string name, object?[]? arguments = null)
{
    /// <summary>Python's None as a key of a dictionary, where there can be no null.</summary>
    public static PickleObject None { get; } = new("None");

    /// <summary>The class or function with its module.</summary>
    public string Name { get; } = name;

    /// <summary>What it was called with; null for the class or function itself.</summary>
    public object?[]? Arguments { get; } = arguments;

    /// <summary>What its attributes were set from, if they were.</summary>
    public object? State { get; set; }

    /// <summary>Its name, and whether that was called; never what is within, which may be large, deep, or itself.</summary>
    public override string ToString() => $"{PickleValue.Shorten(Name)}{(Arguments is null ? "" : Arguments is [] ? "()" : "(…)")}";
}
