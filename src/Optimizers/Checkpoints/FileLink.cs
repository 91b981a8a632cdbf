namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Symbolic links, which name another file.</summary>
internal static class FileLink
{
    /// <summary>Links beyond which they are taken to lead in a circle, as Linux takes them.</summary>
    private const int MaxLinks = 40;

    /// <summary>The file that is written where a path names a link, or a link to a link; it need not be there. Else the path, from the root.</summary>
    /// <exception cref="IOException">The links lead in a circle.</exception>
    public static string Follow(string path)
    {
        var full = Path.GetFullPath(path);
        if (new FileInfo(full).LinkTarget is null)
            return full;

        // Part by part: a step up from a linked folder leads out of the folder that it stands for.
        var rest = new Stack<string>();
        var real = Push(rest, full, "");
        for (var links = 0; rest.TryPop(out var part);)
        {
            var next = Path.Combine(real, part);
            if (part == "..")
                real = Path.GetDirectoryName(real) ?? real;
            else if (new FileInfo(next).LinkTarget is not { } target)
                real = next;
            else if (++links <= MaxLinks)
                real = Push(rest, target, real);
            else
                throw new IOException($"Links must lead to a file, over at most {MaxLinks} of them. Actual path was '{path}'.");
        }
        return real;
    }

    /// <summary>Puts a path's parts on a stack, the first on top.</summary>
    /// <returns>Where they lead on from.</returns>
    private static string Push(Stack<string> parts, string path, string folder)
    {
        var root = Path.GetPathRoot(path)!;
        foreach (var part in path[root.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]).Reverse())
        {
            if (part is not ("" or "."))
                parts.Push(part);
        }
        return root.Length > 0 ? root : folder;
    }
}
