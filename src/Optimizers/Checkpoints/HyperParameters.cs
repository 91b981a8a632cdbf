using System.Diagnostics.CodeAnalysis;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Hyper-parameters by the names that PyTorch's state dictionaries have for them: numbers, lists of numbers, flags and texts.</summary>
public sealed class HyperParameters
{
    private readonly Dictionary<string, object> _values = [];

    internal IReadOnlyDictionary<string, object> Values => _values;

    /// <summary>Adds a number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The number.</param>
    public void Add(string name, double value) => _values.Add(name, value);

    /// <summary>Adds a flag.</summary>
    /// <inheritdoc cref="Add(string, double)"/>
    public void Add(string name, bool value) => _values.Add(name, value);

    /// <summary>Adds a text.</summary>
    /// <inheritdoc cref="Add(string, double)"/>
    public void Add(string name, string value) => _values.Add(name, value);

    /// <summary>Adds a list of numbers.</summary>
    /// <inheritdoc cref="Add(string, double)"/>
    public void Add(string name, IReadOnlyList<double> value) => _values.Add(name, value.ToArray());

    /// <summary>Adds what <see cref="Values"/> of another has.</summary>
    internal void AddAny(string name, object value) => _values.Add(name, value);

    /// <summary>A number.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public double Number(string name) => Get<double>(name, "a number");

    /// <summary>A whole number.</summary>
    /// <inheritdoc cref="Number"/>
    public int Integer(string name) => Whole(name, Number(name));

    /// <summary>A list of whole numbers.</summary>
    /// <inheritdoc cref="Number"/>
    public IReadOnlyList<int> Integers(string name) => [.. Numbers(name).Select(number => Whole(name, number))];

    /// <summary>A flag.</summary>
    /// <inheritdoc cref="Number"/>
    public bool Flag(string name) => Get<bool>(name, "true or false");

    /// <summary>A text.</summary>
    /// <inheritdoc cref="Number"/>
    public string Text(string name) => Get<string>(name, "a text");

    /// <summary>A text that names a value of an enumeration.</summary>
    /// <inheritdoc cref="Number"/>
    public T Choice<T>(string name) where T : struct, Enum => Enum.TryParse<T>(Text(name), out var value) && Enum.IsDefined(value)
        ? value
        : throw new InvalidDataException($"Hyper-parameter '{name}' must be one of {string.Join(", ", Enum.GetNames<T>())}. Actual value was '{Text(name)}'.");

    /// <summary>A list of numbers.</summary>
    /// <inheritdoc cref="Number"/>
    public IReadOnlyList<double> Numbers(string name) => Get<double[]>(name, "a list of numbers");

    /// <summary>Two numbers.</summary>
    /// <inheritdoc cref="Number"/>
    public (double First, double Second) Pair(string name) => Numbers(name) is [var first, var second]
        ? (first, second)
        : throw new InvalidDataException($"Hyper-parameter '{name}' must be two numbers. Actual number was {Numbers(name).Count}.");

    /// <summary>Whether there is one of that name.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name) => _values.ContainsKey(name);

    private static int Whole(string name, double value) => value == Math.Floor(value) && value is >= int.MinValue and <= int.MaxValue
        ? (int)value
        : throw new InvalidDataException($"Hyper-parameter '{name}' must be whole, within the range of Int32. Actual value was {value}.");

    private T Get<T>(string name, string what) => TryGet<T>(name, out var value)
        ? value
        : throw new InvalidDataException($"Hyper-parameter '{name}' must be {what}. {(Contains(name) ? $"Actual value was '{_values[name]}'" : "It is missing")}.");

    private bool TryGet<T>(string name, [MaybeNullWhen(false)] out T value)
    {
        if (_values.TryGetValue(name, out var found) && found is T typed)
        {
            value = typed;
            return true;
        }
        value = default;
        return false;
    }
}
