using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints.Torch;

namespace GpuOptim.Optimizers.Checkpoints;

/// <content>Parameters alone.</content>
public static partial class TorchCheckpoint
{
    /// <summary>Writes parameters alone, as a module's state dictionary: <c>{name: tensor, …}</c>.</summary>
    /// <param name="path">The file; overwritten, as by <c>Save</c>.</param>
    /// <param name="parameters">The parameters, no two of the same name.</param>
    /// <exception cref="ArgumentException">A name cannot be written, or two have the same.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">A parameter's memory was disposed of.</exception>
    public static void SaveParameters(string path, IEnumerable<Parameter> parameters)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        Write(path, TorchRunWriter.Model(CheckpointContent.Live(parameters), []));
    }

    /// <summary>Writes parameters alone to a stream, from where it stands. What cannot seek gets them by way of a temporary file.</summary>
    /// <inheritdoc cref="SaveParameters(string, IEnumerable{Parameter})"/>
    /// <param name="stream">The stream; it stays open, behind what was written.</param>
    /// <param name="parameters">The parameters, no two of the same name.</param>
    public static void SaveParameters(Stream stream, IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(parameters);
        var (pickle, storages) = PickleWriter.Write(TorchRunWriter.Model(CheckpointContent.Live(parameters), []));
        TorchArchiveWriter.Write(stream, pickle, storages);
    }

    /// <summary>
    /// Reads parameters from a module's state dictionary, which may be the whole file, as in <c>pytorch_model.bin</c>, or the entry <c>model</c>,
    /// <c>model_state_dict</c> or <c>state_dict</c>, and may have more tensors; or, in their order, from a list <c>params</c>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="options">How names, types and what is missing are taken.</param>
    /// <returns>What was read, what was missing, and what was left.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or a parameter is missing or another tensor; the message names it. Nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">A parameter's memory was disposed of. Nothing was changed.</exception>
    public static LoadReport LoadParameters(string path, IEnumerable<Parameter> parameters, LoadOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        return LoadParameters(() => TorchFile.Open(path), [.. parameters], options ?? new(), CancellationToken.None);
    }

    /// <inheritdoc cref="LoadParameters(string, IEnumerable{Parameter}, LoadOptions)"/>
    public static LoadReport LoadParameters(string path, IEnumerable<Parameter> parameters) => LoadParameters(path, parameters, options: null);

    /// <summary>Reads parameters from a stream, from where it stands to its end. What cannot seek goes by way of a temporary file.</summary>
    /// <inheritdoc cref="LoadParameters(string, IEnumerable{Parameter}, LoadOptions)"/>
    /// <param name="stream">The stream; it stays open.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="options">How names, types and what is missing are taken.</param>
    public static LoadReport LoadParameters(Stream stream, IEnumerable<Parameter> parameters, LoadOptions? options)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(parameters);
        return LoadParameters(() => TorchFile.Open(stream, StreamName), [.. parameters], options ?? new(), CancellationToken.None);
    }

    /// <inheritdoc cref="LoadParameters(Stream, IEnumerable{Parameter}, LoadOptions)"/>
    public static LoadReport LoadParameters(Stream stream, IEnumerable<Parameter> parameters) => LoadParameters(stream, parameters, options: null);

    /// <summary>Reads parameters in the background; nobody else may use them until it is done.</summary>
    /// <inheritdoc cref="LoadParameters(string, IEnumerable{Parameter}, LoadOptions)"/>
    /// <param name="path">The file.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="options">How names, types and what is missing are taken, and who is told how far it is.</param>
    /// <param name="cancellationToken">Gives up, while the file is checked, and nothing was changed. Once parameters are written, that is completed.</param>
    /// <exception cref="OperationCanceledException">It was cancelled. Nothing was changed.</exception>
    public static Task<LoadReport> LoadParametersAsync(string path, IEnumerable<Parameter> parameters, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        Parameter[] all = [.. parameters];
        return Task.Run(() => LoadParameters(() => TorchFile.Open(path), all, options ?? new(), cancellationToken), cancellationToken);
    }

    private static LoadReport LoadParameters(Func<TorchFile> open, Parameter[] parameters, LoadOptions options, CancellationToken cancellationToken) =>
        Read(open, file => (new TorchRunReader(file, options).Match(parameters, []), () => { }), options.Progress, cancellationToken).Report;
}
