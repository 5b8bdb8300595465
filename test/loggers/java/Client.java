import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowHttpException;

/** What a Java program does with a tracking server; it ends with an error where the server answers otherwise. */
public class Client {
  static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  public static void main(String[] args) throws Exception {
    try (MlflowClient client = new MlflowClient(args[0])) {
      String experiment = client.createExperiment("java");
      check(client.getExperimentByName("java").get().getExperimentId().equals(experiment), "getExperimentByName");
      String run = track(client, experiment);
      search(client, experiment, run);
      registry(client, run);
      client.deleteRun(run);
      check(client.getRun(run).getInfo().getLifecycleStage().equals("deleted"), "deleteRun");
      client.restoreRun(run);
      client.deleteExperiment(experiment);
      try {
        client.createRun(experiment);
        check(false, "a run in a deleted experiment");
      } catch (MlflowHttpException e) {
        check(e.getStatusCode() == 400 && e.getBodyMessage().contains("active"), "the error " + e.getStatusCode() + " " + e.getBodyMessage());
      }
    }
    System.out.println("done");
  }

  static String track(MlflowClient client, String experiment) throws Exception {
    RunInfo info = client.createRun(experiment);
    String run = info.getRunId();
    client.logParam(run, "lr", "0.1");
    client.setTag(run, "team", "ü");
    for (int step = 0; step < 20; step++) {
      client.logMetric(run, "loss", 1.0 / (step + 1), 1000 + step, step);
    }
    List<Metric> metrics = IntStream.range(0, 998)
        .mapToObj(i -> Metric.newBuilder().setKey("batch").setValue(i).setTimestamp(1000 + i).setStep(i).build()).collect(Collectors.toList());
    client.logBatch(run, metrics, List.of(Param.newBuilder().setKey("depth").setValue("3").build()), List.of(RunTag.newBuilder().setKey("k").setValue("v").build()));
    client.logMetric(run, "nan", Double.NaN);
    client.setTerminated(run, RunStatus.FINISHED);
    Run got = client.getRun(run);
    Map<String, Double> latest = got.getData().getMetricsList().stream().collect(Collectors.toMap(Metric::getKey, Metric::getValue));
    check(latest.get("loss") == 0.05 && latest.get("batch") == 997 && latest.get("nan").isNaN(), "metrics " + latest);
    check(got.getData().getParamsCount() == 2 && got.getInfo().getStatus() == RunStatus.FINISHED, "getRun " + got);
    check(client.getMetricHistory(run, "loss").size() == 20, "getMetricHistory");
    return run;
  }

  static void search(MlflowClient client, String experiment, String run) {
    check(client.searchRuns(List.of(experiment), "metrics.loss < 0.1 and params.lr = '0.1'").size() == 1, "searchRuns");
    check(client.searchRuns(List.of(experiment), "params.lr = '0.2'", ViewType.ALL).isEmpty(), "searchRuns without a match");
    for (int i = 0; i < 3; i++) {
      client.createRun(experiment);
    }
    var page = client.searchRuns(List.of(experiment), "", ViewType.ACTIVE_ONLY, 3, List.of("attributes.start_time ASC"));
    check(page.getItems().size() == 3 && page.hasNextPage() && page.getItems().get(0).getInfo().getRunId().equals(run), "the first page");
    var next = page.getNextPage();
    check(next.getItems().iterator().hasNext() && !next.hasNextPage(), "the second page");
  }

  static void registry(MlflowClient client, String run) throws Exception {
    client.sendPost("registered-models/create", "{\"name\": \"java model\"}");
    for (int i = 0; i < 2; i++) {
      client.sendPost("model-versions/create", "{\"name\": \"java model\", \"source\": \"s3://bucket/" + i + "\", \"run_id\": \"" + run + "\"}");
    }
    client.sendPost("model-versions/transition-stage", "{\"name\": \"java model\", \"version\": \"2\", \"stage\": \"Production\", \"archive_existing_versions\": false}");
    List<ModelVersion> latest = client.getLatestVersions("java model", List.of("Production"));
    check(latest.size() == 1 && latest.get(0).getVersion().equals("2") && latest.get(0).getRunId().equals(run), "getLatestVersions " + latest);
    check(client.getModelVersion("java model", "1").getSource().equals("s3://bucket/0"), "getModelVersion");
    check(client.searchModelVersions("name = 'java model'").getItems().size() == 2, "searchModelVersions");
    check(client.getRegisteredModel("java model").getName().equals("java model"), "getRegisteredModel");
    check(client.getModelVersionDownloadUri("java model", "1").equals("s3://bucket/0"), "getModelVersionDownloadUri");
  }
}
