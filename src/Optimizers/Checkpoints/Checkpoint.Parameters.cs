using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints;

/// <content>Parameters alone.</content>
public static partial class Checkpoint
{
    /// <summary>Writes parameters alone, in one file, or in several of limited length with an index, as Hugging Face does.</summary>
    /// <param name="path">
    /// The file; overwritten, as by <c>Save</c>. With <paramref name="maxBytes"/> the index, <c>NAME.safetensors.index.json</c>; beside it go
    /// <c>NAME-00001-of-00003.safetensors</c> and so on.
    /// </param>
    /// <param name="parameters">The parameters, no two of the same name.</param>
    /// <param name="maxBytes">How long a file may be, unless a single tensor is longer; null for one file.</param>
    /// <param name="progress">Is told which part of the bytes was written, from 0 to 1.</param>
    /// <exception cref="ArgumentException">A parameter's name cannot be written, or the index's name does not end as it must.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBytes"/> is less than 1.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">A parameter's memory was disposed of.</exception>
    public static void SaveParameters(string path, IEnumerable<Parameter> parameters, long? maxBytes = null, IProgress<double>? progress = null)
    {
        ThrowIfNoIndex(path, maxBytes);
        var content = ContentOf(parameters);
        content.Write(path, maxBytes, new(progress) { Total = content.Length });
    }

    /// <summary>Writes parameters alone to a stream, from where it stands. What cannot seek gets them by way of a temporary file.</summary>
    /// <param name="stream">The stream; it stays open, behind what was written.</param>
    /// <param name="parameters">The parameters, no two of the same name.</param>
    /// <exception cref="ArgumentException">A parameter's name cannot be written, or the stream cannot be.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">A parameter's memory was disposed of.</exception>
    public static void SaveParameters(Stream stream, IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var content = ContentOf(parameters);
        content.Write(stream, new() { Total = content.Length });
    }

    /// <summary>Writes parameters alone while training goes on, as <see cref="SaveAsync"/> does.</summary>
    /// <param name="path">The file, or with <paramref name="maxBytes"/> the index.</param>
    /// <param name="parameters">The parameters, no two of the same name.</param>
    /// <param name="maxBytes">How long a file may be, unless a single tensor is longer; null for one file.</param>
    /// <param name="progress">Is told which part of the bytes was written, from 0 to 1.</param>
    /// <param name="cancellationToken">Gives up writing; old files stay.</param>
    /// <returns>Ends when the files are whole on the disk and have their names.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="SaveParameters(string, IEnumerable{Parameter}, long?, IProgress{double})"/>
    public static Task SaveParametersAsync(
        string path, IEnumerable<Parameter> parameters, long? maxBytes = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ThrowIfNoIndex(path, maxBytes);
        ArgumentNullException.ThrowIfNull(parameters);
        Parameter[] all = [.. parameters];
        return WriteAsync(path, ContentOf(all), all.FirstOrDefault()?.Device, maxBytes, progress, cancellationToken);
    }

    /// <summary>
    /// Reads parameters from a <c>.safetensors</c> file, or from the several files of an index: the path is the index's, or that of a folder which
    /// has one. Tensors that are not asked for may be of any type. All is checked before anything is changed; then tensors are read one by one.
    /// </summary>
    /// <param name="path">The file, the index (<c>.json</c>), or the folder.</param>
    /// <param name="parameters">The parameters.</param>
    /// <returns>What was read, what was missing, and what was left.</returns>
    /// <exception cref="InvalidDataException">A file is damaged, or a parameter is missing or another tensor; the message names it. Nothing was changed.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">A parameter's memory was disposed of. Nothing was changed.</exception>
    public static LoadReport LoadParameters(string path, IEnumerable<Parameter> parameters) => LoadParameters(path, parameters, options: null);

    /// <inheritdoc cref="LoadParameters(string, IEnumerable{Parameter})"/>
    /// <param name="path">The file, the index (<c>.json</c>), or the folder.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="options">How names, types and what is missing are taken; null: as they are, and nothing may be missing.</param>
    public static LoadReport LoadParameters(string path, IEnumerable<Parameter> parameters, LoadOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        return LoadParameters(() => ParameterFiles.Open(path), [.. parameters], options ?? new(), CancellationToken.None);
    }

    /// <summary>Reads parameters from a stream, from where it stands to its end. What cannot seek goes by way of a temporary file.</summary>
    /// <param name="stream">The stream; it stays open, at its end.</param>
    /// <param name="parameters">The parameters.</param>
    /// <inheritdoc cref="LoadParameters(string, IEnumerable{Parameter})"/>
    public static LoadReport LoadParameters(Stream stream, IEnumerable<Parameter> parameters) => LoadParameters(stream, parameters, options: null);

    /// <inheritdoc cref="LoadParameters(Stream, IEnumerable{Parameter})"/>
    /// <param name="stream">The stream; it stays open, at its end.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="options">How names, types and what is missing are taken; null: as they are, and nothing may be missing.</param>
    public static LoadReport LoadParameters(Stream stream, IEnumerable<Parameter> parameters, LoadOptions? options)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(parameters);
        return LoadParameters(() => ParameterFiles.Of(SafetensorsFile.Open(ByteSource.Of(stream, StreamName))), [.. parameters], options ?? new(), CancellationToken.None);
    }

    /// <summary>Reads parameters in the background; nobody else may use them until it is done.</summary>
    /// <param name="path">The file, the index (<c>.json</c>), or the folder.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="options">How names, types and what is missing are taken, and who is told how far it is.</param>
    /// <param name="cancellationToken">Gives up, while files are checked, and nothing was changed. Once parameters are written, that is completed.</param>
    /// <returns>What was read, what was missing, and what was left.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled. Nothing was changed.</exception>
    /// <inheritdoc cref="LoadParameters(string, IEnumerable{Parameter})"/>
    public static Task<LoadReport> LoadParametersAsync(
        string path, IEnumerable<Parameter> parameters, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        Parameter[] all = [.. parameters];
        return Task.Run(() => LoadParameters(() => ParameterFiles.Open(path), all, options ?? new(), cancellationToken), cancellationToken);
    }

    private static CheckpointContent ContentOf(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return CheckpointContent.Of(parameters);
    }

    private static void ThrowIfNoIndex(string path, long? maxBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (maxBytes is < 1)
            throw new ArgumentOutOfRangeException(nameof(maxBytes), maxBytes, "maxBytes must be at least 1.");
        if (maxBytes is not null && (!path.EndsWith(ShardIndex.Suffix, StringComparison.Ordinal) || Path.GetFileName(path) == ShardIndex.Suffix))
            throw new ArgumentException($"With maxBytes, path must be an index's: NAME{ShardIndex.Suffix}. Actual path was '{path}'.", nameof(path));
    }

    private static LoadReport LoadParameters(Func<ParameterFiles> open, Parameter[] parameters, LoadOptions options, CancellationToken cancellationToken)
    {
        using var files = open();
        ParameterMatch match;
        try
        {
            match = ParameterMatch.Find(files.Tensors, parameters, options);
        }
        catch (InvalidDataException failure)
        {
            throw ByteSource.Damaged(files.Name, failure.Message, failure);
        }
        cancellationToken.ThrowIfCancellationRequested();
        match.Copy(new(options.Progress) { Total = match.Length });
        return match.Report;
    }
}
