using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints;

/// <content>Schedules alone.</content>
public static partial class TorchCheckpoint
{
    /// <summary>
    /// Writes <c>scheduler.state_dict()</c> alone, as Hugging Face's <c>scheduler.pt</c> has it. A schedule that PyTorch does not know is written
    /// as the <c>LambdaLR</c> that it would be there.
    /// </summary>
    /// <param name="path">The file; overwritten, as by <c>Save</c>.</param>
    /// <param name="schedule">The schedule.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void SaveSchedule(string path, ISchedule schedule)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(schedule);
        Write(path, TorchSchedule.Write(schedule));
    }

    /// <summary>
    /// Takes over a schedule's state, with the rates, from a file that is <c>scheduler.state_dict()</c> of the class of the same name in
    /// <c>torch.optim.lr_scheduler</c>. Schedules that PyTorch does not know, and those of one's own, take that of a <c>LambdaLR</c>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="schedule">The schedule.</param>
    /// <param name="constants">Which constants hold where the file has others than the schedule.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or another schedule's; the message names what is wrong. Nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static void LoadSchedule(string path, ISchedule schedule, ScheduleConstants constants = ScheduleConstants.Same)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(schedule);
        Read(() => TorchFile.Open(path), Check, progress: null, CancellationToken.None);

        (ParameterMatch, Action) Check(TorchFile file)
        {
            var root = file.Root as PickleDictionary ?? throw new InvalidDataException("The file must hold a dictionary");
            var state = TorchSchedule.Read(root, schedule, file.Number);
            schedule.ThrowIfForeign(state, constants);
            return (ParameterMatch.Empty, () => schedule.Load(state, constants));
        }
    }
}
