import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The peer: Kafka Streams with the same pipeline, as its documentation teaches it: three RocksDB stores (tasks, branches, projects) with
 * their changelogs and one message per event. PEER_CACHE=1 keeps its record cache, which writes a row once per commit (1 s).
 */
public final class KafkaStreams {
  static final ObjectMapper JSON = new ObjectMapper();

  @JsonIgnoreProperties(ignoreUnknown = true)
  public static final class Data { public String title; public String status; public String priority; }

  @JsonIgnoreProperties(ignoreUnknown = true)
  public static final class Event {
    public String id; public String project_id; public String branch_id; public String entity_id; public long version; public Data data;
  }

  public static final class Task { public String title; public String status; public String priority; public long version; }

  public static final class Summary {
    public int total; public Map<String, Integer> counts = new HashMap<>();

    void count(Task old, Task now) {
      if (old == null) total++; else { counts.merge(old.status, -1, Integer::sum); counts.merge(old.priority, -1, Integer::sum); }
      counts.merge(now.status, 1, Integer::sum);
      counts.merge(now.priority, 1, Integer::sum);
    }
  }

  public static final class Cascade { public String id; public Task task; public Summary branch; public Summary project; }

  static <T> Serde<T> json(Class<T> type) {
    return Serdes.serdeFrom(
        (topic, value) -> { try { return value == null ? null : JSON.writeValueAsBytes(value); } catch (Exception e) { throw new RuntimeException(e); } },
        (topic, bytes) -> { try { return bytes == null ? null : JSON.readValue(bytes, type); } catch (Exception e) { throw new RuntimeException(e); } });
  }

  static final class Fold implements Processor<String, Event, String, Cascade> {
    private ProcessorContext<String, Cascade> context;
    private KeyValueStore<String, Task> tasks;
    private KeyValueStore<String, Summary> branches;
    private KeyValueStore<String, Summary> projects;

    @Override public void init(ProcessorContext<String, Cascade> given) {
      context = given;
      tasks = given.getStateStore("tasks");
      branches = given.getStateStore("branches");
      projects = given.getStateStore("projects");
    }

    @Override public void process(Record<String, Event> record) {
      Event event = record.value();
      Task old = tasks.get(event.entity_id);
      if (old != null && old.version >= event.version) return;
      Task now = new Task();
      now.title = event.data.title; now.status = event.data.status; now.priority = event.data.priority; now.version = event.version;
      Cascade out = new Cascade();
      out.id = event.id; out.task = now;
      out.branch = counted(branches, event.branch_id, old, now);
      out.project = counted(projects, event.project_id, old, now);
      tasks.put(event.entity_id, now);
      context.forward(record.withKey(event.project_id).withValue(out));
    }

    private static Summary counted(KeyValueStore<String, Summary> store, String key, Task old, Task now) {
      Summary summary = store.get(key);
      if (summary == null) summary = new Summary();
      summary.count(old, now);
      store.put(key, summary);
      return summary;
    }
  }

  static <T> StoreBuilder<KeyValueStore<String, T>> store(String name, Class<T> type) {
    var builder = Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), json(type)).withLoggingEnabled(Map.of());
    return System.getenv("PEER_CACHE").equals("1") ? builder.withCachingEnabled() : builder.withCachingDisabled();
  }

  public static void main(String[] arguments) throws Exception {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, System.getenv("PEER_ID"));
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("PEER_BOOTSTRAP"));
    settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("PEER_DATA"));
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, "1");
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "1000");
    Topology topology = new Topology();
    topology.addSource("source", Serdes.String().deserializer(), json(Event.class).deserializer(), System.getenv("PEER_SOURCE"));
    topology.addProcessor("fold", Fold::new, "source");
    topology.addStateStore(store("tasks", Task.class), "fold");
    topology.addStateStore(store("branches", Summary.class), "fold");
    topology.addStateStore(store("projects", Summary.class), "fold");
    topology.addSink("sink", System.getenv("PEER_OUTPUT"), Serdes.String().serializer(), json(Cascade.class).serializer(), "fold");
    var streams = new org.apache.kafka.streams.KafkaStreams(topology, settings);
    CountDownLatch done = new CountDownLatch(1);
    streams.setStateListener((now, before) -> { if (now == State.ERROR) done.countDown(); });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
    streams.start();
    done.await();
    System.exit(1);
  }
}
