import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { BinaryReader, BinaryWriter } from "google-protobuf";
import { NullValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { heldBy, hold, type Plain } from "./plainStruct";

/**
 * A service whose properties, the Structs of its requests and answers, are read into plain objects and written from them. The bytes are the
 * same. Everything else in them is read and written by the code that Pulumi has generated.
 */
export function withPlainProperties<Service extends ServiceDefinition>(service: Service): Service {
  const methods = Object.entries(service).map(([name, method]) => [name, plainly(method as GeneratedMethod)]);
  return Object.fromEntries(methods) as Service;
}

/** What the generated code says of a method beside what its types tell. */
type GeneratedMethod = MethodDefinition<object, object> & { requestType: MessageType; responseType: MessageType };
interface MessageType {
  new (): object;
  deserializeBinaryFromReader(message: object, reader: BinaryReader): object;
  serializeBinaryToWriter(message: object, writer: BinaryWriter): void;
}

function plainly(method: GeneratedMethod): GeneratedMethod {
  const { requestType: Request, responseType: Response } = method;
  return {
    ...method,
    requestDeserialize: (bytes) => Request.deserializeBinaryFromReader(new Request(), new PropertiesReader(bytes)),
    responseSerialize(message) {
      const writer = new PropertiesWriter();
      Response.serializeBinaryToWriter(message, writer);
      return Buffer.from(writer.getResultBuffer());
    },
  };
}

const { readMessage } = BinaryReader.prototype;
const { writeMessage } = BinaryWriter.prototype;

class PropertiesReader extends BinaryReader {
  override readMessage: BinaryReader["readMessage"] = (message, read) =>
    readMessage.call(this, message, message instanceof Struct ? readStruct : read);
}
class PropertiesWriter extends BinaryWriter {
  override writeMessage: BinaryWriter["writeMessage"] = (field, message, write) =>
    writeMessage.call(this, field, message, message instanceof Struct && heldBy(message) ? writeStruct : write);
}

// The numbers are those of google/protobuf/struct.proto, which are the same for ever

interface Cell {
  key: string;
  value: unknown;
}

function readStruct(struct: Struct, reader: BinaryReader): void {
  hold(struct, readFields(reader));
}

function readFields(reader: BinaryReader): Plain {
  const entries: [string, unknown][] = [];
  while (reader.nextField() && !reader.isEndGroup()) {
    if (reader.getFieldNumber() !== 1) reader.skipField();
    else {
      const cell: Cell = { key: "", value: null };
      reader.readMessage(cell, readEntry);
      entries.push([cell.key, cell.value]);
    }
  }
  return Object.fromEntries(entries);
}

function readEntry(cell: Cell, reader: BinaryReader): void {
  while (reader.nextField() && !reader.isEndGroup()) {
    const number = reader.getFieldNumber();
    if (number === 1) cell.key = reader.readString();
    else if (number === 2) reader.readMessage(cell, readValue);
    else reader.skipField();
  }
}

function readValue(cell: Cell, reader: BinaryReader): void {
  while (reader.nextField() && !reader.isEndGroup()) {
    switch (reader.getFieldNumber()) {
      case 1:
        reader.readEnum();
        cell.value = null;
        break;
      case 2:
        cell.value = reader.readDouble();
        break;
      case 3:
        cell.value = reader.readString();
        break;
      case 4:
        cell.value = reader.readBool();
        break;
      case 5:
        reader.readMessage(cell, readObject);
        break;
      case 6:
        reader.readMessage(cell, readList);
        break;
      default:
        reader.skipField();
    }
  }
}

function readObject(cell: Cell, reader: BinaryReader): void {
  cell.value = readFields(reader);
}

function readList(cell: Cell, reader: BinaryReader): void {
  const list: unknown[] = [];
  while (reader.nextField() && !reader.isEndGroup()) {
    if (reader.getFieldNumber() !== 1) reader.skipField();
    else {
      const item: Cell = { key: "", value: null };
      reader.readMessage(item, readValue);
      list.push(item.value);
    }
  }
  cell.value = list;
}

function writeStruct(struct: Struct, writer: BinaryWriter): void {
  writeFields(heldBy(struct) ?? {}, writer);
}

function writeFields(fields: Plain, writer: BinaryWriter): void {
  for (const [key, value] of Object.entries(fields)) writer.writeMessage(1, { key, value }, writeEntry);
}

function writeEntry(cell: Cell, writer: BinaryWriter): void {
  writer.writeString(1, cell.key);
  writer.writeMessage(2, cell, writeValue);
}

function writeList(list: readonly unknown[], writer: BinaryWriter): void {
  for (const item of list) writer.writeMessage(1, { key: "", value: item }, writeValue);
}

function writeValue({ value }: Cell, writer: BinaryWriter): void {
  if (typeof value === "string") writer.writeString(3, value);
  else if (typeof value === "number") writer.writeDouble(2, value);
  else if (typeof value === "boolean") writer.writeBool(4, value);
  else if (Array.isArray(value)) writer.writeMessage(6, value, writeList);
  else if (value === null) writer.writeEnum(1, NullValue.NULL_VALUE);
  else writer.writeMessage(5, value, writeFields);
}
