namespace GpuOptim.Benchmarks.Convergence;

/// <summary>A text as numbers of characters, a part of it held out.</summary>
internal sealed class Corpus
{
    // Every tenth stretch is held out. Each is longer than what a model sees at once, and shorter than a chapter.
    private const int Stretch = 1000, Every = 10;

    /// <summary>Takes a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="context">How many characters stand before the first one to be guessed.</param>
    /// <exception cref="ArgumentException">It is too short, or has too many different characters.</exception>
    public Corpus(string text, int context)
    {
        char[] alphabet = [.. text.Distinct().Order()];
        if (alphabet.Length > 256)
            throw new ArgumentException($"text must have at most 256 different characters. Actual number was {alphabet.Length}.", nameof(text));
        if (text.Length < Stretch * Every)
            throw new ArgumentException($"text must have at least {Stretch * Every} characters. Actual number was {text.Length}.", nameof(text));
        Alphabet = alphabet.Length;
        Characters = [.. text.Select(character => (byte)Array.BinarySearch(alphabet, character))];
        var places = Enumerable.Range(context, text.Length - context).ToLookup(place => place / Stretch % Every == Every - 1);
        (Training, HeldOut) = ([.. places[false]], [.. places[true]]);
    }

    /// <summary>How many different characters there are.</summary>
    public int Alphabet { get; }

    /// <summary>The text.</summary>
    public byte[] Characters { get; }

    /// <summary>Places of the characters to learn from.</summary>
    public int[] Training { get; }

    /// <summary>Places of those to be examined in.</summary>
    public int[] HeldOut { get; }

    /// <summary>The documentation of this repository, as it was when this was built, but for the page that says what came of it.</summary>
    /// <param name="context">How many characters stand before the first one to be guessed.</param>
    /// <param name="length">The most to take of it.</param>
    public static Corpus OfDocumentation(int context, int length = int.MaxValue)
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "data", "text"), "*.md").Order(StringComparer.Ordinal);
        var text = string.Concat(files.Select(file => File.ReadAllText(file).ReplaceLineEndings("\n")));
        return new(text[..Math.Min(length, text.Length)], context);
    }
}
