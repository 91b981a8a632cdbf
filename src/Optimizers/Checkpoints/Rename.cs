namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>What programs add to the names of parameters, taken off again: for <see cref="LoadOptions.Rename"/>.</summary>
public static class Rename
{
    private const string CompiledPart = "_orig_mod.";

    /// <summary><c>module.</c>, which <c>DataParallel</c> and <c>DistributedDataParallel</c> put before each name.</summary>
    public static Func<string, string> DataParallel { get; } = WithoutPrefix("module.");

    /// <summary><c>_orig_mod.</c>, which <c>torch.compile</c> puts before the names of what it compiled, wherever that is.</summary>
    public static Func<string, string> Compiled { get; } = name => name.Replace("." + CompiledPart, ".", StringComparison.Ordinal) is var inner && inner.StartsWith(CompiledPart, StringComparison.Ordinal)
        ? inner[CompiledPart.Length..]
        : inner;

    /// <summary>Takes a prefix off the names that have it.</summary>
    /// <param name="prefix">The prefix, with its period: <c>model.</c>, say.</param>
    public static Func<string, string> WithoutPrefix(string prefix)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        return name => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
    }

    /// <summary>Puts a prefix before every name.</summary>
    /// <param name="prefix">The prefix, with its period.</param>
    public static Func<string, string> WithPrefix(string prefix)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        return name => prefix + name;
    }

    /// <summary>One after the other.</summary>
    /// <param name="first">The first.</param>
    /// <param name="second">The second, which is given what the first made.</param>
    public static Func<string, string> Then(this Func<string, string> first, Func<string, string> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return name => second(first(name));
    }
}
