using System.Globalization;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>Entries of a scheduler's <c>state_dict()</c>, by the types that they must have.</summary>
/// <param name="saved">The entries.</param>
/// <param name="kind">The kind of schedule.</param>
/// <param name="number">The number that a value is; null if it is none.</param>
internal sealed class TorchScheduleEntries(PickleDictionary saved, string kind, Func<object?, double?> number)
{
    /// <summary>The kind of schedule.</summary>
    public string Kind { get; } = kind;

    /// <summary>An entry.</summary>
    /// <exception cref="InvalidDataException">It is missing.</exception>
    public object? this[string name] => saved.TryGetValue(name, out var value) ? value : throw new InvalidDataException($"'{name}' of {Kind} is missing");

    public bool Contains(string name) => saved.ContainsKey(name);

    public double Number(string name) => Number(name, this[name]);

    /// <summary>A whole number.</summary>
    public int Count(string name) => Number(name) is var count && count == Math.Floor(count) && Math.Abs(count) <= int.MaxValue
        ? (int)count
        : throw Unfit(name, "a whole number, within the range of Int32", this[name]);

    public bool Flag(string name) => this[name] as bool? ?? throw Unfit(name, "True or False", this[name]);

    public string Text(string name) => this[name] as string ?? throw Unfit(name, "a text", this[name]);

    public double[] Numbers(string name) => this[name] switch
    {
        List<object?> list => [.. list.Select(value => Number(name, value))],
        object?[] tuple => [.. tuple.Select(value => Number(name, value))],
        var other => throw Unfit(name, "a list of numbers", other),
    };

    /// <summary>The one number that a list, of a number for each group, has.</summary>
    public double OfAllGroups(string name)
    {
        var numbers = Numbers(name);
        return numbers.Length > 0 && numbers.All(numbers[0].Equals)
            ? numbers[0]
            : throw new InvalidDataException($"'{name}' of {Kind} must be the same for all groups. Actual values were [{string.Join(", ", numbers.Select(each => each.ToString(CultureInfo.InvariantCulture)))}]");
    }

    /// <summary>The keys of a <c>Counter</c>, each as often as it counts.</summary>
    public double[] Counted(string name)
    {
        const int Most = 1_000_000;
        if (this[name] is not PickleDictionary counts)
            throw Unfit(name, "a Counter", this[name]);
        var all = new List<double>();
        foreach (var (key, value) in counts)
        {
            var (milestone, times) = (Number(name, key), Number(name, value));
            if (times != Math.Floor(times) || times < 0 || times > Most - all.Count)
                throw Unfit(name, $"a Counter of at most {Most}", times);
            all.AddRange(Enumerable.Repeat(milestone, (int)times));
        }
        return [.. all.Order()];
    }

    /// <summary>Entries of another dictionary in it.</summary>
    public TorchScheduleEntries With(PickleDictionary part) => new(part, Kind, number);

    /// <summary>Entries of parameter groups, each as a list.</summary>
    public TorchScheduleEntries OfGroups(IReadOnlyList<PickleDictionary> groups) => new(
        new(groups[0].Keys.Select(key => KeyValuePair.Create(key, (object?)groups.Select(group => group.GetValueOrDefault(key)).ToList()))), Kind, number);

    private double Number(string name, object? value) => number(value) ?? throw Unfit(name, "a number", value);

    private InvalidDataException Unfit(string name, string what, object? value) =>
        new($"'{name}' of {Kind} must be {what}. Actual value was {Convert.ToString(value ?? "None", CultureInfo.InvariantCulture)}");
}
